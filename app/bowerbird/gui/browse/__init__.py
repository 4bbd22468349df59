"""Browsing: the search box, the table, folders, waveform, transport and words."""
