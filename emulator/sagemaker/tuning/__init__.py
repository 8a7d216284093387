"""Hyperparameter tuning jobs: several real training jobs, with values that are drawn for each."""
