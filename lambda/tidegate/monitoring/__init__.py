"""Monitoring: whether what a model is asked, and what it answers, is still like its baseline.

Pure: counts go in, evidence and words come out. Why the evidence holds however often one looks is
in docs/explanation/monitoring.md.
"""
