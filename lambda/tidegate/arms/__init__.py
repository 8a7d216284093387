"""A/B tests as releases: terms of the plan, what a record says of the arms, and decisions.

The statistics are in `tidegate.abtest`, which only `referee` loads.
"""
