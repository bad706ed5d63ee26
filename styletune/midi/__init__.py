"""Controllers: raw messages to control positions. Knows nothing about shared memory or HTTP."""
