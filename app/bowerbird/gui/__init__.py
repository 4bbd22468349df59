"""The window. Rules about sounds live in the layers below."""
