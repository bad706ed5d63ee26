"""TODO styletune/images."""
