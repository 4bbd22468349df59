"""Used by every layer: errors, paths, settings, the log, atomic writes, quantities as text."""
