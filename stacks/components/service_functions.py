"""The two functions of an AI service and their rights, as its kind declares them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stacks.components.arns import Arns, allow, sub
from stacks.components.blueprint import att, ref
from stacks.components.bucket import objects_in
from stacks.components.handler_function import FunctionProps
from stacks.components.outcome_functions import OUTCOME_BUCKET_NAME
from stacks.components.service_arms import ServiceArms
from stacks.components.service_own import distinct
from stacks.components.service_sign_in import sign_in_environment
from stacks.project.names import export_name, release_stack_name
from stacks.project.spec import ServiceSpec
from tidegate.ai.files import file_rights
from tidegate.ai.kind import Kind, Own, Place, Rights

DOOR, WORKER = "answer_ai_request", "do_ai_work"
TABLE, BUCKET, QUEUE = "Ledger", "Files", "Work"
"""Logical ids."""
DOOR_SECONDS, WORK_SECONDS = 30, 120
_MEGABYTES = 512
_ROW = ["dynamodb:GetItem", "dynamodb:PutItem"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProps:
    """One service; `bucket` and `key` say where its document is."""

    arns: Arns
    place: Place
    kind: Kind
    spec: ServiceSpec
    bucket: str
    key: str
    arms: ServiceArms | None = None
    """The slots of a service that is released."""
    own: Mapping[str, Own] = field(default_factory=dict)
    """What arms have of their own, by slot; of a service without slots, by the empty text."""

    @property
    def every_own(self) -> tuple[Own, ...]:
        """What arms have of their own, each once."""
        return distinct(self.own)

    @property
    def outcome_bucket(self) -> Any:
        """The name of the stage's bucket of outcomes; None where the service knows of none."""
        if self.spec.outcomes_of is None:
            return None
        stack = release_stack_name(self.place.project, self.arns.stage.name)
        return {"Fn::ImportValue": export_name(stack, OUTCOME_BUCKET_NAME)}


def functions_of(props: ServiceProps) -> Mapping[str, FunctionProps]:
    """The door, and the worker if files arrive, by their packages."""
    kind, settings = props.kind, props.spec.settings
    door = _function(
        props,
        DOOR,
        f"Answers requests of {props.place.service}",
        seconds=DOOR_SECONDS,
        statements=[
            allow([*_ROW, "dynamodb:UpdateItem"], [att(TABLE)]),
            *([] if props.arms is None else props.arms.door_statements()),
            *statements_of(
                kind.door(settings, props.place),
                *(own.door for own in props.every_own),
                file_rights(kind),
            ),
        ],
    )
    if not kind.arrivals:
        return {DOOR: door}
    worker = _function(
        props,
        WORKER,
        f"Works on files of {props.place.service}",
        seconds=WORK_SECONDS,
        statements=[
            allow(_ROW, [att(TABLE)]),
            *([] if props.arms is None else props.arms.worker_statements()),
            allow(
                [
                    # The first three are those of the event source mapping, which takes messages
                    # under the function's role (Lambda developer guide, "Using Lambda with SQS").
                    "sqs:ReceiveMessage",
                    "sqs:DeleteMessage",
                    "sqs:GetQueueAttributes",
                    "sqs:ChangeMessageVisibility",
                    "sqs:SendMessage",
                ],
                [att(QUEUE)],
            ),
            *statements_of(
                kind.work(settings, props.place),
                *(own.work for own in props.every_own),
                Rights(writes=("results/",)),
            ),
            *_of_outcomes(props),
        ],
    )
    return {DOOR: door, WORKER: worker}


def _function(
    props: ServiceProps,
    package: str,
    description: str,
    *,
    seconds: int,
    statements: list[dict[str, Any]],
) -> FunctionProps:
    documents = [props.arns.s3(f"{bucket}/{key}") for bucket, key in _documents(props)]
    return FunctionProps(
        package=package,
        description=description,
        timeout_seconds=seconds,
        memory_megabytes=_MEGABYTES,
        statements=[allow(["s3:GetObject"], documents), *statements],
        environment=_environment(props),
    )


def _of_outcomes(props: ServiceProps) -> list[dict[str, Any]]:
    """Files of outcomes, under the service's own name."""
    if props.outcome_bucket is None:
        return []
    arn = f"arn:${{AWS::Partition}}:s3:::${{Outcomes}}/{props.place.prefix}/*"
    into = {"Fn::Sub": [arn, {"Outcomes": props.outcome_bucket}]}
    return [allow(["s3:PutObject"], [into])]


def _documents(props: ServiceProps) -> list[tuple[str, str]]:
    """Where documents of settings are, each once."""
    every = [] if props.arms is None else props.arms.documents.values()
    return list(dict.fromkeys([(props.bucket, props.key), *every]))


def _environment(props: ServiceProps) -> dict[str, Any]:
    kind = props.kind
    told = dict(kind.resources(props.spec.settings, props.place).told)
    if props.arms is None:
        told |= {name: text for own in props.every_own for name, text in own.told.items()}
    by_slot = {slot: dict(own.told) for slot, own in props.own.items() if slot and own.told}
    return {
        "PROJECT": props.place.project,
        "STAGE": props.place.stage,
        "AI_DOCUMENT_BUCKET": sub(props.bucket),
        "AI_DOCUMENT_KEY": props.key,
        "AI_TABLE": ref(TABLE),
        **({} if props.arms is None else props.arms.environment),
        **({"AI_BUCKET": ref(BUCKET)} if kind.has_bucket else {}),
        **({"AI_QUEUE_URL": ref(QUEUE)} if kind.arrivals else {}),
        **({"AI_RESOURCES": sub(json.dumps(told, sort_keys=True))} if told else {}),
        **({"AI_OWN": sub(json.dumps(by_slot, sort_keys=True))} if by_slot else {}),
        **({} if props.outcome_bucket is None else {"AI_OUTCOMES": props.outcome_bucket}),
        **sign_in_environment(props),
    }


def statements_of(*every: Rights) -> list[dict[str, Any]]:
    """Policy statements: calls by their resource, files by what their keys begin with."""
    calls = [operation for rights in every for operation in rights.calls]
    by_resource: dict[str, set[str]] = {}
    for operation in calls:
        by_resource.setdefault(operation.resource, set()).add(operation.action)
        for action in operation.also:
            by_resource.setdefault("*", set()).add(action)
    statements = [
        allow(sorted(actions), [sub(resource)]) for resource, actions in sorted(by_resource.items())
    ]
    for grant in (grant for rights in every for grant in rights.grants):
        more = {} if grant.condition is None else {"Condition": dict(grant.condition)}
        statements.append(allow(list(grant.actions), [sub(grant.resource)], **more))
    reads = _prefixes(rights.reads for rights in every)
    if reads:
        statements.append(allow(["s3:ListBucket"], [att(BUCKET)]))
    for action, prefixes in (
        ("s3:GetObject", reads),
        ("s3:PutObject", _prefixes(rights.writes for rights in every)),
        ("s3:DeleteObject", _prefixes(rights.deletes for rights in every)),
    ):
        if prefixes:
            statements.append(allow([action], [objects_in(BUCKET, f"{p}*") for p in prefixes]))
    return statements


def _prefixes(every: Iterable[Iterable[str]]) -> list[str]:
    return sorted({prefix for prefixes in every for prefix in prefixes})
