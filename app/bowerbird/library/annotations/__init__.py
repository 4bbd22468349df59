"""What people say about their sounds."""
