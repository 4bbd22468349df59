"""Bowerbird: a desktop sound browser for sound designers."""

__version__ = "0.1.0"
