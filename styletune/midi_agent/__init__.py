"""`styletune midi`: local controllers, played on a server anywhere."""
