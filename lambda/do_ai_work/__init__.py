"""The function behind the work queue of an AI service."""
