"""Correct but slow: version 2, which asks the airport's board in the middle of each request."""
