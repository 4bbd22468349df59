"""The library's one truth: a SQLite file, and every SQL statement of the program."""
