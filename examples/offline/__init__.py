"""Two models that are offline only, in a chain: late flights of a whole history, then minutes."""
