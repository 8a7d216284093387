"""Least privilege as a table: what every role may do, and what proves that it must."""
