"""Searching and listing the library."""
