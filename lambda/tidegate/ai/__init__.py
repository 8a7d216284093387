"""AI services: what every one of them shares, and in a folder each what it does itself.

A kind of service is a folder here and a line in `kinds.py` (docs/decisions/0029-ai-services.md).
"""
