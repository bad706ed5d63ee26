"""`styletune midi`: local controllers, played on a server anywhere. Knows nothing of its inside."""
