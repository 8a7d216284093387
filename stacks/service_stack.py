"""The stack of one AI service, as its kind declares it: functions, queue, bucket, table, routes.

Nothing in it knows a kind by name. What a kind needs beside all this are `Kind.resources`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aws_cdk import Environment, Stack
from constructs import Construct

from stacks.assets import AssetShelf
from stacks.components.arns import Arns
from stacks.components.blueprint import Blueprint, data, ref
from stacks.components.emptying import AI, empty_on_delete
from stacks.components.handler_function import CodeAsset, add_function
from stacks.components.service_arms import ServiceArms, add_guard, add_verification, placed
from stacks.components.service_functions import BUCKET, QUEUE, TABLE, ServiceProps, functions_of
from stacks.components.service_own import OwnThings
from stacks.components.service_parts import add_alarms, add_bucket_of, add_own, add_resources
from stacks.components.service_routes import add_routes
from stacks.components.service_sign_in import add_sign_in
from stacks.components.service_work import HIDDEN_SECONDS, MOST_RECEIVES, add_work
from stacks.components.tables import table_properties
from stacks.project.names import service_stack_name
from stacks.project.spec import DataOnDestroy, ServiceSpec, StageSpec
from stacks.project.tables import call_prices
from stacks.release_stack import CODE
from tidegate.ai.kind import Place
from tidegate.ai.kinds import kind_named
from tidegate.ai.typed import to_json
from tidegate.pointer import LivePointer


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStackProps:
    """One service of one stage."""

    project: str
    stage: StageSpec
    service: ServiceSpec
    shelf: AssetShelf
    pointer: LivePointer | None = None
    """What is live, of a service that is released."""
    live_settings: Mapping[str, Any] | None = None
    """The settings of that version in JSON types, where its kind needs to know them."""
    code: Path = CODE


class ServiceStack(Stack):
    """An AI service: a function that answers, one that works on files, and what both need."""

    def __init__(self, scope: Construct, *, props: ServiceStackProps) -> None:
        stage, service = props.stage, props.service
        kind = kind_named(service.kind)
        super().__init__(
            scope,
            service_stack_name(props.project, stage.name, service.name),
            env=Environment(account=stage.account, region=stage.region),
            description=f"{kind.title} as {service.name} of {props.project}, stage {stage.name}",
        )
        place = Place(project=props.project, stage=stage.name, service=service.name)
        parts = ServiceProps(
            arns=Arns(stage=stage),
            place=place,
            kind=kind,
            spec=service,
            **self._published(props, place),
        )
        code = props.shelf.publish_code(self, props.code, props.stage)
        service_blueprint(parts, code).build(self)

    def _published(self, props: ServiceStackProps, place: Place) -> dict[str, Any]:
        """Where the document of the settings is, and the slots of a service that has any."""

        def publish(settings: Any) -> tuple[str, str]:
            service = replace(props.service, settings=settings)
            told = service_document(replace(props, service=service), place)
            document = json.dumps(told, sort_keys=True).encode()
            return props.shelf.publish_bytes(self, document, suffix=".json")

        bucket, key = publish(props.service.settings)
        things = OwnThings(place=place, spec=props.service, live=props.live_settings)
        if props.service.release is None:
            return {"bucket": bucket, "key": key, "own": things.by_slot(None)}
        placement = placed(props.service, props.pointer, publish=publish)
        arms = ServiceArms(
            place=place,
            arns=Arns(stage=props.stage),
            spec=props.service,
            placement=placement,
        )
        return {"bucket": bucket, "key": key, "arms": arms, "own": things.by_slot(placement)}


def service_document(props: ServiceStackProps, place: Place) -> dict[str, Any]:
    """What the functions are told beside their environment (`tidegate_aws.ai.world`)."""
    service = props.service
    kind = kind_named(service.kind)
    own = kind.own(service.settings, place, "")
    rights = (kind.door(service.settings, place), kind.work(service.settings, place))
    every = [call for right in (*rights, own.door, own.work) for call in right.calls]
    known = call_prices(props.stage.region)
    return {
        "kind": service.kind,
        "place": to_json(place),
        "settings": to_json(service.settings),
        "requests_per_minute": service.requests_per_minute,
        "queue": {"hidden_seconds": HIDDEN_SECONDS, "most_receives": MOST_RECEIVES},
        "prices": {op.id: known[op.id] for op in every if op.id in known},
    }


def service_blueprint(props: ServiceProps, code: CodeAsset) -> Blueprint:
    """What the stack holds."""
    blueprint, stage, kind = Blueprint(), props.arns.stage, props.kind
    add_resources(blueprint, props)
    _add_table(blueprint, stage)
    if kind.has_bucket:
        add_bucket_of(blueprint, props)
        empty_on_delete(blueprint, BUCKET, props.place.project, props.arns, within=AI)
        blueprint.tell("BucketName", ref(BUCKET))
    functions = functions_of(props)
    for function in functions.values():
        add_function(blueprint, function, code=code, stage=stage)
    if props.arms is None:
        add_own(blueprint, props, after=())
    else:
        _add_gated(blueprint, props, props.arms, [one.id for one in functions.values()])
    if kind.arrivals:
        add_work(blueprint, props, functions["do_ai_work"])
        blueprint.tell("QueueUrl", ref(QUEUE))
    add_sign_in(blueprint, props)
    add_routes(blueprint, props, functions["answer_ai_request"])
    add_alarms(blueprint, props)
    blueprint.tell("Kind", kind.name)
    blueprint.tell("TableName", ref(TABLE))
    return blueprint


def _add_gated(
    blueprint: Blueprint, props: ServiceProps, arms: ServiceArms, functions: list[str]
) -> None:
    """Functions and arms change only after the guard, and are declared once they have changed."""
    guard = add_guard(blueprint, arms)
    for function in functions:
        blueprint.resources[function]["DependsOn"] = [guard]
    own = add_own(blueprint, props, after=[guard])
    add_verification(blueprint, arms, after=[*functions, *own])
    _tell_ready(blueprint, props)


def _tell_ready(blueprint: Blueprint, props: ServiceProps) -> None:
    """Which files say that arms may be released, and what to do while they are not there."""
    ready = {
        slot: {"key": own.ready, "after": own.after}
        for slot, own in props.own.items()
        if own.ready is not None
    }
    if ready:
        blueprint.tell("Ready", json.dumps(ready, sort_keys=True))


def _add_table(blueprint: Blueprint, stage: StageSpec) -> None:
    ttl = {"AttributeName": "expires_at", "Enabled": True}
    protected = stage.data_on_destroy is DataOnDestroy.KEEP
    blueprint.add(
        TABLE,
        "AWS::DynamoDB::Table",
        {
            **table_properties(),
            "TimeToLiveSpecification": ttl,
            "DeletionProtectionEnabled": protected,
        },
        kept=data(stage.data_on_destroy),
    )
