"""Training the ear. It needs torch, and the program that serves the result; nothing of it ships."""
