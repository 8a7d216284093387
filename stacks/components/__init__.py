"""What the stacks are made of: one logical unit a file.

Components of a model are functions that add typed L1 resources to a stack, not construct classes:
each construct costs a round trip to jsii, and there may be a hundred models
(docs/decisions/0001-one-stack-per-model.md).
"""
