"""From files to audio in memory: decoding, resampling, loudness and metadata. Nothing here stores or plays."""
