"""The template gate: what AWS would refuse at deploy, or regret afterwards, is found before.

It knows AWS and CloudFormation and nothing of the product, so that it is of use for any stack: the
command line runs it on templates that were synthesized, ours or somebody else's
(docs/decisions/0019-template-gate.md). Nothing here opens a connection.
"""
