"""Work that takes time: cancelling and pausing it, its progress, and the one background runner."""
