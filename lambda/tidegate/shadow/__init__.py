"""Parallel adoption: the candidate answers copies of live requests, and nobody but the judge.

What is compared and how is in the plan (`pairing`); pairs are made here from what was captured of
both variants. Pure: reading captures is an adapter's business.
"""
