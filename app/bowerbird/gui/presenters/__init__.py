"""What the window does, in plain Python: tested without Qt."""
