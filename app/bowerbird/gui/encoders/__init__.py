"""The Encoders dialog and the notice about encoders."""
