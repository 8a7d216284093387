"""Outcomes from files: read in bounded memory, credited by the same rules as those of the API."""
