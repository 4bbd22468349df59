"""The evaluation as a table, a file of figures, and a page with plots."""
