"""What cdk-nag finds around AI services, and why it stays: read off what their kinds declare."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from stacks.ai_stack import DEAD_LETTERS, AiProps, emptying_of
from stacks.checks.acknowledged_people import of_people
from stacks.checks.rows import Acknowledged, finding, wildcard
from stacks.components.arns import Arns
from stacks.components.handler_function import FunctionProps
from stacks.components.service_functions import BUCKET, ServiceProps, functions_of
from stacks.project.names import ai_stack_name, service_stack_name
from stacks.project.spec import DataOnDestroy, ProjectSpec, ServiceSpec, StageSpec
from tidegate.ai.kind import Place
from tidegate.ai.kinds import kind_named

_NO_RESOURCE = "these actions take no resource (Service Authorization Reference): "
_OBJECTS = "files of this service only, under one of its own prefixes, each with a name of its own"
_BUCKETS = (
    "stacks and buckets of AI services of one stage: their names begin with the stage's, and "
    "services come and go without a change of this role"
)
_OWN = "resources of this service only: their names begin with project, stage and service"
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")


def of_services(project: ProjectSpec, stage: StageSpec) -> Iterator[Acknowledged]:
    """Every finding that stays, around the AI services of a stage."""
    if not project.services:
        return
    yield finding(
        ai_stack_name(project.name, stage.name),
        DEAD_LETTERS,
        "SQS3",
        "it is the dead-letter queue itself, of the work queues of all services of the stage",
    )
    campaigns = tuple(s.name for s in project.services.values() if kind_named(s.kind).custom)
    if stage.data_on_destroy is DataOnDestroy.DELETE or campaigns:
        emptying = emptying_of(AiProps(project=project.name, stage=stage, campaigns=campaigns))
        stack = ai_stack_name(project.name, stage.name)
        yield from (
            wildcard(stack, f"{emptying.id}Role", text, _BUCKETS) for text in _texts(emptying)
        )
    for service in project.services.values():
        yield from _of_service(project.name, stage, service)


def _of_service(project: str, stage: StageSpec, service: ServiceSpec) -> Iterator[Acknowledged]:
    kind = kind_named(service.kind)
    place = Place(project=project, stage=stage.name, service=service.name)
    stack = service_stack_name(project, stage.name, service.name)
    # Of released arms the same is found: no wildcard that they have of their own names a slot.
    own = {"": kind.own(service.settings, place, "")}
    props = ServiceProps(
        arns=Arns(stage=stage), place=place, kind=kind, spec=service, bucket="", key="", own=own
    )
    for function in functions_of(props).values():
        yield from _of_function(stack, function)
    if kind.has_bucket:
        yield finding(
            stack,
            BUCKET,
            "S1",
            "a place of passage, whose files expire: the ledger says of each when it came and "
            "what became of it, and who reads is in CloudTrail",
        )
    yield from of_people(stack, props)
    for id_, rules in kind.resources(service.settings, place).acknowledged.items():
        for rule, reason in rules.items():
            yield finding(stack, id_, rule, reason)


def _texts(function: FunctionProps) -> list[str]:
    """The resources with wildcards that a function is allowed something on."""
    every = (_text(resource) for one in function.statements for resource in one["Resource"])
    return list(dict.fromkeys(text for text in every if "*" in text))


def _of_function(stack: str, function: FunctionProps) -> Iterator[Acknowledged]:
    actions: dict[str, set[str]] = {}
    for statement in function.statements:
        for resource in statement["Resource"]:
            text = _text(resource)
            if "*" in text:
                actions.setdefault(text, set()).update(statement["Action"])
    for text, named in actions.items():
        why = f"{_NO_RESOURCE}{', '.join(sorted(named))}" if text == "*" else _why(text)
        yield wildcard(stack, f"{function.id}Role", text, why)


def _why(resource: str) -> str:
    return _OBJECTS if resource.startswith(f"<{BUCKET}.Arn>") else _OWN


def _text(resource: Any) -> str:
    """A resource as cdk-nag writes it; one that is named by its logical id has no wildcard."""
    if isinstance(resource, Mapping):
        resource = resource.get("Fn::Sub", "")
    if isinstance(resource, list):
        return json.dumps(resource, separators=(",", ":"))
    return _PLACEHOLDER.sub(r"<\1>", resource) if isinstance(resource, str) else ""
