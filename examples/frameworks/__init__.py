"""One small model for each framework, trained and served by the contract of its container."""
