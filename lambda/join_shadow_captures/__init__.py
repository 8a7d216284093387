"""The function that joins what both variants of a shadow answered."""
