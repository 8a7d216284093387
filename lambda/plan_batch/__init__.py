"""The function that says what a run does next."""
