"""The function that looks how far a delivery is, and verifies what came of it."""
