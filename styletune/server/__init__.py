"""The web process: HTTP, sockets and the hub that all clients share."""
