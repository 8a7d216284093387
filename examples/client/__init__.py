"""A client of a project's HTTP API, in one file to copy."""
