"""Takes, painted again into films, folders and pictures."""
