"""The function by which Secrets Manager rotates the signing keys."""
