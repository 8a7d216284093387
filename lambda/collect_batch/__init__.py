"""The function that holds results against their records."""
