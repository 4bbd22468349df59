"""Encoders: audio, and words where an encoder has a text network, to embeddings. Nothing here is stored."""
