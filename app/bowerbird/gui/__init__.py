"""The window. Rules about sounds live below; here they are asked and shown."""
