"""The `tidegate` command: operates releases, on AWS and on an embedded cloud alike.

Stands on the core, its AWS adapters and the embedded cloud; knows nothing of how stacks are made.
"""
