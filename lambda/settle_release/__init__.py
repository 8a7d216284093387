"""The function that ends a release."""
