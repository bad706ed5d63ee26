"""The HTTP routes below /api, a module for each kind of thing."""
