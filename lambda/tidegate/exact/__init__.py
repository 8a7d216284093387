"""Exact laws of counts, of which sequential tests are made. Nothing here knows of releases."""
