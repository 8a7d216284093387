"""Observe devices: reports, failures and silence become counts that the judge reads."""

import json
from typing import Any

from observe_devices.events import COMPONENTS, Batch, HealthEvent, Told, batch_of, health_event
from tidegate.edge.evidence import (
    Fleet,
    Ports,
    count_unserved,
    take_failure,
    take_presence,
    take_reports,
)
from tidegate.edge.names import fleet_name
from tidegate.edge.reports import DeviceReport, parse_report
from tidegate.errors import InvalidValueError
from tidegate_aws.edge_reports import edge_ports
from tidegate_aws.settings import Variable
from tidegate_aws.world import World, world

_NEEDS = (Variable.RELEASE_TABLE, Variable.OBSERVATION_TABLE, Variable.MODEL, Variable.EDGE_PLACE)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """What became of the event; an error makes AWS deliver it again."""
    process = world(_NEEDS)
    settings, ports = process.settings, edge_ports(process)
    fleet = Fleet(name=settings[Variable.MODEL], place=settings[Variable.EDGE_PLACE])
    if "Records" in event:
        return {"news": _batch(ports, fleet, batch_of(event))}
    health = health_event(event)
    if health is None:
        return {"unserved": count_unserved(ports, fleet)}
    failed = _failed_versions(process, fleet, health)
    return {"failures": [take_failure(ports, fleet, health.thing, version) for version in failed]}


def _batch(ports: Ports, fleet: Fleet, batch: Batch) -> int:
    reports: list[DeviceReport] = []
    for told in batch.messages:
        if told.presence is not None:
            take_presence(ports, fleet, told.thing, connected=told.presence)
        else:
            reports.extend(_report(told))
    return take_reports(ports, fleet, reports, batch_id=batch.id)


def _report(told: Told) -> list[DeviceReport]:
    """A report that is none is refused and logged: to deliver it again would not mend it."""
    try:
        return [parse_report(told.thing, told.data)]
    except InvalidValueError as error:
        print(json.dumps({"refused": told.thing, "faults": error.faults}))  # noqa: T201
        return []


def _failed_versions(process: World, fleet: Fleet, health: HealthEvent) -> list[str]:
    if health.kind == COMPONENTS:
        return list(health.broken(fleet.place))
    if health.failed_deployment is None:
        return []
    version = process.edge.version_of(fleet_name(fleet.place), health.failed_deployment)
    return [] if version is None else [version]
