"""Parts for AI services: what they share, and a stack for each."""

from collections.abc import Iterator

from aws_cdk import App, Stack

from stacks.ai_stack import AiProps, AiStack
from stacks.composition.deployment import Given
from stacks.service_stack import ServiceStack, ServiceStackProps


def add_services(app: App, given: Given) -> Iterator[Stack]:
    """What AI services share, and a stack for each, if there are any."""
    project, stage, shelf = given.project, given.stage, given.shelf
    if not project.services:
        return
    shared = AiStack(app, props=AiProps(project=project.name, stage=stage), shelf=shelf)
    yield shared
    for service in project.services.values():
        stack = ServiceStack(
            app,
            props=ServiceStackProps(
                project=project.name,
                stage=stage,
                service=service,
                shelf=shelf,
                pointer=given.deployment.pointers.get(service.name),
            ),
        )
        # Its routes are of the shared API, which empties its bucket, too.
        stack.add_stack_dependency(shared)
        if given.release is not None and service.release is not None:
            # Its guard and the tables of its shares are of the release stack.
            stack.add_stack_dependency(given.release)
        yield stack
