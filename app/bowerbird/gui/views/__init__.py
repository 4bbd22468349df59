"""Widgets: they ask and show, and hold no rule about sounds."""
