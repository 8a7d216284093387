"""Offline inference: a stack for each model with a batch."""

from collections.abc import Iterator

from aws_cdk import App, Stack

from stacks.batch_stack import BatchProps, BatchStack
from stacks.composition.deployment import Given


def add_batches(app: App, given: Given) -> Iterator[Stack]:
    """What transforms whole data sets, where a model says so."""
    for name, model in given.project.batches.items():
        props = BatchProps(
            project=given.project.name,
            stage=given.stage,
            model=model,
            shelf=given.shelf,
            pointer=given.deployment.batch_pointers.get(name),
        )
        stack = BatchStack(app, props=props)
        if given.release is not None:
            # What empties its bucket is a function of the release stack, called by name.
            stack.add_stack_dependency(given.release)
        yield stack
