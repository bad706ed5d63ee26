"""Pictures: decoding, the samples that ship, and the state inside a PNG."""
