"""One folder a version: `recipe.py` trains it here, `features.py` goes into its artifact."""
