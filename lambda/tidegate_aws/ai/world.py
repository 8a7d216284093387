"""The ports of one service's functions, made from the environment and the service's document.

The document is a file of the deployment: kind, settings (with the texts of files that the project
file names), prices. Environment variables would be too small for it.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from tidegate.ai.arms import Arms, documents_in
from tidegate.ai.kind import Kind, Place, Rights
from tidegate.ai.kinds import kind_named
from tidegate.ai.ports import Given, ServicePorts
from tidegate.ai.signing_in import POOL_PAGES
from tidegate.ai.typed import read
from tidegate.routing import Router
from tidegate_aws import clients
from tidegate_aws.ai.calls import AwsCalls
from tidegate_aws.ai.files import S3Files
from tidegate_aws.ai.ledger import DynamoServiceLedger
from tidegate_aws.ai.metrics import LoggedMetrics
from tidegate_aws.ai.outcomes import OutcomeFiles
from tidegate_aws.ai.pages import PackagedPages
from tidegate_aws.ai.queue import SqsQueue
from tidegate_aws.settings import Variable
from tidegate_aws.world import World, world

if TYPE_CHECKING:
    from tidegate.ai.retry import Draws

_RightsOf = Callable[[Kind, Any, Place], tuple[Rights, Rights]]
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
    return _service(slot, door_rights, {})


@cache
def work_service(slot: str | None = None) -> Service:
    """The service, with the rights of its worker, who works for all arms."""
    return _service(slot, work_rights, _given())


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
        declarations=found.store,
        ledger=found.ledger,
        now=found.clock.now,
    )


def kind() -> Kind:
    """What the service is, whichever settings answer."""
    return kind_named(_document(None)["kind"])


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


def door_rights(of: Kind, settings: Any, place: Place) -> tuple[Rights, Rights]:
    """What all arms may do at the door, and what one may with what it has of its own."""
    return of.door(settings, place), of.own(settings, place, "").door


def work_rights(of: Kind, settings: Any, place: Place) -> tuple[Rights, Rights]:
    """The same of the worker."""
    return of.work(settings, place), of.own(settings, place, "").work


def _service(slot: str | None, rights: _RightsOf, arms: Mapping[str, Given]) -> Service:
    found = world(_NEEDS)
    document = _document(slot)
    here = _arm(kind(), slot)
    place = Place(**document["place"])
    metrics = LoggedMetrics(service=place.prefix, clock=found.clock)
    draws = random.SystemRandom()
    every = [
        one for given in (here, *arms.values()) for one in rights(kind(), given.settings, place)
    ]
    calls = AwsCalls(
        declared={operation.id: operation for allowed in every for operation in allowed.calls},
        prices=document["prices"],
        client=clients.ai,
        metrics=metrics,
        clock=found.clock,
        draws=draws,
    )
    ports = _ports(found, place, here, calls=calls, metrics=metrics)
    ports = replace(ports, others=arms, deployed=_deployed(arms))
    return Service(kind=kind(), ports=ports, document=document, draws=draws)


def _given() -> Mapping[str, Given]:
    """Every arm, of a kind whose arms have anything of their own: others share all but settings."""
    told = world(_NEEDS).settings.values.get(Variable.AI_ARMS)
    if told is None or not kind().has_own:
        return {}
    return {slot: _arm(kind(), slot) for slot in documents_in(told)}


def _deployed(arms: Mapping[str, Given]) -> Given | None:
    """The arm whose document is that of the project file."""
    values = world(_NEEDS).settings.values
    newest = (values[Variable.AI_DOCUMENT_BUCKET], values[Variable.AI_DOCUMENT_KEY])
    documents = documents_in(values.get(Variable.AI_ARMS, "{}"))
    return next((arms[slot] for slot, at in documents.items() if at == newest and arms), None)


def _arm(of: Kind, slot: str | None) -> Given:
    """What a slot was given; None: a service without slots."""
    values = world(_NEEDS).settings.values
    shared = _resources(values)
    own = json.loads(values.get(Variable.AI_OWN, "{}"))
    return Given(
        settings=read(of.settings, _document(slot)["settings"], what="settings"),
        resources={**shared, **({} if slot is None else own.get(slot, {}))},
    )


def _ports(
    found: World, place: Place, here: Given, *, calls: AwsCalls, metrics: LoggedMetrics
) -> ServicePorts:
    values = found.settings.values
    table = found.settings[Variable.AI_TABLE]
    told = values.get(Variable.AI_OUTCOMES)
    return ServicePorts(
        service=place.service,
        settings=here.settings,
        resources=here.resources,
        calls=calls,
        files=S3Files(client=clients.s3(), bucket=values.get(Variable.AI_BUCKET, "")),
        ledger=DynamoServiceLedger(client=clients.dynamodb(), table=table, clock=found.clock),
        queue=SqsQueue(client=clients.sqs(), url=values.get(Variable.AI_QUEUE_URL, "")),
        metrics=metrics,
        clock=found.clock,
        pages=PackagedPages(),
        outcomes=None
        if told is None
        else OutcomeFiles(client=clients.s3(), bucket=told, service=place.prefix),
    )


def _resources(values: Mapping[Variable, str]) -> Mapping[str, str]:
    """What the stack told; a user pool's pages are where all of AWS is, if that is elsewhere.

    The SDKs' variable AWS_ENDPOINT_URL says so, such as of an embedded cloud.
    """
    told: dict[str, str] = {
        **json.loads(values.get(Variable.AI_RESOURCES, "{}")),
        **json.loads(values.get(Variable.AI_SIGN_IN, "{}")),
    }
    elsewhere = values.get(Variable.AWS_ENDPOINT_URL)
    if elsewhere is not None and POOL_PAGES in told:
        told[POOL_PAGES] = elsewhere
    return told


def forget() -> None:
    """The next function reads its environment again; tests change it between cases."""
    for kept in (door_service, work_service, arms, _document):
        kept.cache_clear()
