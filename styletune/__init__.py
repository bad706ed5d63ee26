"""styletune: neural style transfer played like an instrument.

Import nothing heavy here: the web process, the MIDI agent and the client all
start with this package, and only the worker may load Keras.
"""

__version__ = "0.1.0"
