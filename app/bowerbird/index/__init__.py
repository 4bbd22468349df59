"""Vector indexes: exact and approximate search by cosine. Nothing here knows what the vectors mean."""
