"""What is known of a trained version before it is deployed: its package in the model registry."""
