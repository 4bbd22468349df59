"""Painting of table cells."""
