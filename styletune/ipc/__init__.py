"""What the web process and the painting process share: two blocks of memory, one pipe.

`slots` is the scheme of both blocks, `control_block` carries control values down,
`frame_block` pictures and losses up, `orders` is what goes through the pipe, `leftovers`
clears what killed processes left. Knows nothing about Keras and sockets. This package itself
imports nothing: the worker comes through here before it has set up its signals.
"""
