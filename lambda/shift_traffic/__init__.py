"""The function that asks for a release's shares of the traffic."""
