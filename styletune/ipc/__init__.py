"""What the web process and the painting process share: two blocks of memory and one pipe.

This package itself imports nothing: the worker comes through here before it has set up its signals.
"""
