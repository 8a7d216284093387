"""The function behind the routes of an AI service."""
