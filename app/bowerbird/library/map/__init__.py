"""The map of a library: a position for every sound, near the sounds that are similar to it."""
