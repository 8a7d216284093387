"""What actions and rules do, one provider a file."""
