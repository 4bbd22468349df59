"""Retrieval figures over labelled sounds. Nothing here reads audio."""
