"""TODO styletune/cli."""
