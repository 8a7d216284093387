"""The function that ends a run and reports it."""
