"""Qt models: ids in memory, rows fetched in pages when they are looked at."""
