"""TODO styletune/server/auth."""
