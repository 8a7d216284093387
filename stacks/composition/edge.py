"""Edge fleets: a stack for each."""

from collections.abc import Iterator

from aws_cdk import App, Stack

from stacks.composition.deployment import Given
from stacks.edge_stack import EdgeStack, EdgeStackProps


def add_edge(app: App, given: Given) -> Iterator[Stack]:
    """A stack for each fleet of devices."""
    pointers = given.deployment.pointers
    for name, fleet in given.project.edge.items():
        props = EdgeStackProps(
            project=given.project.name,
            stage=given.stage,
            fleet=fleet,
            shelf=given.shelf,
            pointer=pointers.get(name),
            model=None if fleet.model is None else pointers.get(fleet.model),
        )
        stack = EdgeStack(app, props=props)
        if given.release is not None:
            # Its guard, and the tables that its reports are counted in, are of the release stack.
            stack.add_stack_dependency(given.release)
        yield stack
