"""The function that credits the outcomes of a file."""
