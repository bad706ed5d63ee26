"""Learned looks: feed-forward networks that paint a picture at once, with the desk as input."""
