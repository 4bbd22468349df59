"""The acoustic encoder: hand-made descriptors in six named blocks, numpy only."""
