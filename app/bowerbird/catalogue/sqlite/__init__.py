"""The catalogue in SQLite: the only package that contains SQL."""
