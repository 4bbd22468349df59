"""Vector indexes: exact and approximate search by cosine."""
