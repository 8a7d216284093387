"""The function that turns the request log into counts."""
