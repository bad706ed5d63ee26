"""Where a sweep paints: on a running server, or on Ray."""
