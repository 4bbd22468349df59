"""Which encoder a library uses, and having, checking and tuning encoders."""
