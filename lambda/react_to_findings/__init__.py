"""The function that does something about what a monitor found."""
