"""The function that announces every change of a release."""
