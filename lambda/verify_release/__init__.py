"""The custom resource that reads back what a deploy came to."""
