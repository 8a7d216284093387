"""What a plan will do with a given traffic: estimated, simulated, or replayed from a record.

The judge and the release loop's decisions are the real ones; only the traffic is made up (or comes
from a file). Nothing in here talks to a cloud.
"""
