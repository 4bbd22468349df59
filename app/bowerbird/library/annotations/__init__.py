"""Words that users give to their sounds."""
