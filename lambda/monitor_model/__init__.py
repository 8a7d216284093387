"""The function that looks at a model's captured traffic."""
