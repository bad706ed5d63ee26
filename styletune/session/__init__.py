"""The session: messages in, decisions, messages out. Pure: no I/O, no clock of its own."""
