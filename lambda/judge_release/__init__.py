"""The function that judges new looks and decides."""
