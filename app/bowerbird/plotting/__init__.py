"""Drawing plots for reports."""
