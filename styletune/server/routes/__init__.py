"""TODO styletune/server/routes."""
