"""The web process: guard, sockets, session, pictures, supervisor. Knows nothing about Keras."""
