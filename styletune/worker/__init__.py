"""TODO styletune/worker."""
