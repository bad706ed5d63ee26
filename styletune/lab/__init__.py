"""The laboratory: what each layer of the network sees of a content and of a style picture."""
