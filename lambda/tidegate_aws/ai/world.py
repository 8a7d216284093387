"""The ports of one service's functions, made from the environment and the service's document.

The document is a file of the deployment: kind, settings (with the texts of files that the project
file names), prices. Environment variables would be too small for it.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from tidegate.ai.arms import Arms, documents_in
from tidegate.ai.kind import Kind, Place, Rights
from tidegate.ai.kinds import kind_named
from tidegate.ai.ports import ServicePorts
from tidegate.ai.typed import read
from tidegate.routing import Router
from tidegate_aws import clients
from tidegate_aws.ai.calls import AwsCalls
from tidegate_aws.ai.files import S3Files
from tidegate_aws.ai.ledger import DynamoServiceLedger
from tidegate_aws.ai.metrics import LoggedMetrics
from tidegate_aws.ai.queue import SqsQueue
from tidegate_aws.settings import Variable
from tidegate_aws.world import World, world

if TYPE_CHECKING:
    from tidegate.ai.retry import Draws

_NEEDS = (Variable.AI_DOCUMENT_BUCKET, Variable.AI_DOCUMENT_KEY, Variable.AI_TABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service: what it is, what it reaches, what it was told."""

    kind: Kind
    ports: ServicePorts
    document: Mapping[str, Any]
    draws: Draws


@cache
def door_service(slot: str | None = None) -> Service:
    """The service, with the rights of its door and the settings of a slot, if it has any."""
    document = _document(slot)
    return _service(document, kind_named(document["kind"]).door)


@cache
def work_service(slot: str | None = None) -> Service:
    """The service, with the rights of its worker."""
    document = _document(slot)
    return _service(document, kind_named(document["kind"]).work)


@cache
def arms() -> Arms | None:
    """The arms of a service that is released; None where new settings are live at once."""
    found = world(_NEEDS)
    told = found.settings.values.get(Variable.AI_ARMS)
    if told is None:
        return None
    return Arms(
        service=_document(None)["place"]["service"],
        slots=tuple(documents_in(told)),
        router=Router(
            splits=found.splits,
            invoker=found.invoker,
            keys=found.keys,
            clock=found.clock,
            nonce=lambda: os.urandom(16).hex(),
        ),
        counters=found.counters,
        firsts=found.firsts,
    )


def live_slot() -> str | None:
    """The slot whose settings files are worked on by; None where there are no slots."""
    found = world(_NEEDS)
    told = found.settings.values.get(Variable.AI_ARMS)
    if told is None:
        return None
    split = found.splits.split(_document(None)["place"]["service"])
    slots = documents_in(told)
    return next(iter(slots)) if split is None or split.control not in slots else split.control


@cache
def _document(slot: str | None) -> Mapping[str, Any]:
    found = world(_NEEDS)
    bucket = found.settings[Variable.AI_DOCUMENT_BUCKET]
    key = found.settings[Variable.AI_DOCUMENT_KEY]
    if slot is not None:
        bucket, key = documents_in(found.settings[Variable.AI_ARMS])[slot]
    document: Mapping[str, Any] = json.loads(found.text(bucket, key))
    return document


def _service(document: Mapping[str, Any], rights: Any) -> Service:
    found = world(_NEEDS)
    kind = kind_named(document["kind"])
    settings: Any = read(kind.settings, document["settings"], what="settings")
    place = Place(**document["place"])
    metrics = LoggedMetrics(service=place.prefix, clock=found.clock)
    draws = random.SystemRandom()
    allowed: Rights = rights(settings, place)
    calls = AwsCalls(
        declared={operation.id: operation for operation in allowed.calls},
        prices=document["prices"],
        client=clients.ai,
        metrics=metrics,
        clock=found.clock,
        draws=draws,
    )
    ports = _ports(found, place, settings, calls=calls, metrics=metrics)
    return Service(kind=kind, ports=ports, document=document, draws=draws)


def _ports(
    found: World, place: Place, settings: Any, *, calls: AwsCalls, metrics: LoggedMetrics
) -> ServicePorts:
    values = found.settings.values
    table = found.settings[Variable.AI_TABLE]
    return ServicePorts(
        service=place.service,
        settings=settings,
        resources=json.loads(values.get(Variable.AI_RESOURCES, "{}")),
        calls=calls,
        files=S3Files(client=clients.s3(), bucket=values.get(Variable.AI_BUCKET, "")),
        ledger=DynamoServiceLedger(client=clients.dynamodb(), table=table, clock=found.clock),
        queue=SqsQueue(client=clients.sqs(), url=values.get(Variable.AI_QUEUE_URL, "")),
        metrics=metrics,
        clock=found.clock,
    )


def forget() -> None:
    """The next function reads its environment again; tests change it between cases."""
    for kept in (door_service, work_service, arms, _document):
        kept.cache_clear()
