"""The analysis of responses: agreement, scores, comparisons, raters."""
