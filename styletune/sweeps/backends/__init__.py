"""TODO styletune/sweeps/backends."""
