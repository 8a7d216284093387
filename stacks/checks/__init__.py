"""Checks of what was synthesized: rules of our own, and reasons for what cdk-nag finds.

They run in `python -m stacks.checks` and in tests, never in an ordinary synth, which stays quick.
"""
