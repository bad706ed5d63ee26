"""TODO styletune/supervisor."""
