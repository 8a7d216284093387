"""The front door of outcomes."""
