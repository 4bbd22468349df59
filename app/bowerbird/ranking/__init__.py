"""Measures and arithmetic of rankings: numpy in, numpy out. No I/O, no clock, nothing of the library."""
