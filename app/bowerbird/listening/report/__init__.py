"""The report of a listening test: sentences, plots, files."""
