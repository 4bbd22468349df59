"""The Encoders dialog and the line that offers one."""
