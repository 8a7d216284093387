"""The function that starts a run and validates its input."""
