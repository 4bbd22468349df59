"""Listening tests in the window: studies, their design, comparing systems, rating."""
