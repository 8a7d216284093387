"""Runs a function of this folder under the agent of Amazon CodeGuru Profiler."""
