"""The ear: the small audio-word network that ships with the program, its words and its tuning."""
