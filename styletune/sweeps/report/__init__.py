"""TODO styletune/sweeps/report."""
