"""Encoders: from windows of audio to unit vectors. Nothing here decodes files or stores vectors."""
