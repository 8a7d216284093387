"""Releases by SageMaker's deployment guardrails: the deploy is the release, we watch and judge.

SageMaker moves the traffic and takes it back when an alarm fires. Nothing here moves any: it opens
the release (`gate`), judges the new fleet and feeds the alarm (`watch`), and ends the release by
what is read back (`settle`). In the records of such a release, slot `blue` is the fleet that was
live and `green` the new one, as SageMaker calls them; the endpoint's only variant is named `blue`.
"""
