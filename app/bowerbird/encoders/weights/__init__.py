"""Weights of encoders: cards, files on disk, fetching, importing, and the self-check."""
