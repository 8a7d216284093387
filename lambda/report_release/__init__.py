"""The function that tells the end of a release."""
