"""What everything else stands on: errors, paths, settings, the log, files written whole, quantities as text."""
