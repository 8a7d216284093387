"""Parts for AI services: what they share, and a stack for each."""

from collections.abc import Iterator

from aws_cdk import App, Stack

from stacks.ai_stack import AiProps, AiStack
from stacks.composition.deployment import Given
from stacks.service_stack import ServiceStack, ServiceStackProps
from tidegate.ai.kinds import kind_named


def add_services(app: App, given: Given) -> Iterator[Stack]:
    """What AI services share, and a stack for each, if there are any."""
    project, stage, shelf = given.project, given.stage, given.shelf
    if not project.services:
        return
    with_campaigns = tuple(
        service.name for service in project.services.values() if kind_named(service.kind).custom
    )
    shared_props = AiProps(project=project.name, stage=stage, campaigns=with_campaigns)
    shared = AiStack(app, props=shared_props, shelf=shelf)
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
                live_settings=given.deployment.live_settings.get(service.name),
            ),
        )
        # Its routes are of the shared API, which empties its bucket, too.
        stack.add_stack_dependency(shared)
        if given.release is not None and (service.release is not None or service.outcomes_of):
            # Its guard, the tables of its shares and the bucket of outcomes are of that stack.
            stack.add_stack_dependency(given.release)
        yield stack
