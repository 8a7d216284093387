"""The front door of predictions."""
