"""Measurements: what is fast enough is said here with figures, never asserted in a test."""
