"""Tidegate's pure core: what a release is and how it is decided.

Standard library only. No clock, no random, no I/O, no logging: time, chance and AWS come in through
`tidegate.ports`, so that every decision is a function of what it is given and can be replayed.
"""
