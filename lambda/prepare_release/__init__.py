"""The function that opens a release, or takes up the one that is there."""
