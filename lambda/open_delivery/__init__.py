"""The function that starts the releases of a delivery."""
