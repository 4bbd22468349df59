"""The command line: options in, sentences and JSON out. It runs where Qt and PortAudio are absent."""
