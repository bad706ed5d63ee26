"""TODO styletune/session."""
