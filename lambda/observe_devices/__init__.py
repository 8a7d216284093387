"""The function that counts what devices of an edge fleet did."""
