"""Puts fleets of instances to sleep that nobody asks."""
