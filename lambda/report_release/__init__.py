"""The function that announces the end of a release."""
