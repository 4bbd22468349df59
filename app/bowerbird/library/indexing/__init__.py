"""Indexing: folders are scanned, sounds analysed and embedded."""
