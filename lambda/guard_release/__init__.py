"""The custom resource that admits or refuses a deploy before anything changes."""
