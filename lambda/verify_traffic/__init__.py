"""The function that reads back what serves."""
