"""Events and their labels, and what makes an event one of its type."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.utils import parse_timestamp

from emulator.ai.frauddetector import store
from emulator.ai.frauddetector.rulelanguage import NUMBER, TEXT, TRUTH
from emulator.ai.frauddetector.store import Things
from emulator.ai.site import Tenant
from emulator.jsonapi import Json, RefusedRequestError

KINDS = {"INTEGER": NUMBER, "FLOAT": NUMBER, "BOOLEAN": TRUTH, "STRING": TEXT, "DATETIME": TEXT}
"""The kind of a variable's value in rules, by its data type."""


@dataclass(kw_only=True, slots=True)
class Events:
    """The stored events of every account and region, by type and id."""

    things: Things
    _kept: dict[tuple[Tenant, str, str], Json] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, tenant: Tenant, request: Mapping[str, Any]) -> None:
        """The event is stored; one of its id is replaced."""
        event_type = self._storing(tenant, request["eventTypeName"])
        wrong = faults(event_type, request)
        label, moment = request.get("assignedLabel"), request.get("labelTimestamp")
        if (label is None) != (moment is None):
            wrong.append("assignedLabel and labelTimestamp are given together")
        wrong += _label_faults(event_type, label)
        _refuse(wrong)
        self.keep(tenant, request)

    def keep(self, tenant: Tenant, request: Mapping[str, Any]) -> None:
        """The event that such a request tells of is stored."""
        event = {
            "eventId": request["eventId"],
            "eventTypeName": request["eventTypeName"],
            "eventTimestamp": request["eventTimestamp"],
            "eventVariables": dict(request["eventVariables"]),
            "entities": list(request["entities"]),
        }
        if request.get("assignedLabel") is not None:
            event["currentLabel"] = request["assignedLabel"]
            event["labelTimestamp"] = request["labelTimestamp"]
        with self._lock:
            self._kept[tenant, request["eventTypeName"], request["eventId"]] = event

    def label(self, tenant: Tenant, request: Mapping[str, Any]) -> None:
        """The stored event has the label."""
        event_type = self._storing(tenant, request["eventTypeName"])
        event = self.get(tenant, request)["event"]
        _refuse(
            [
                *_label_faults(event_type, request["assignedLabel"]),
                *_moment_faults("labelTimestamp", request["labelTimestamp"]),
            ]
        )
        event |= {
            "currentLabel": request["assignedLabel"],
            "labelTimestamp": request["labelTimestamp"],
        }

    def get(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The stored event; ResourceNotFoundException without one."""
        found = self._kept.get((tenant, request["eventTypeName"], request["eventId"]))
        if found is None:
            raise RefusedRequestError(
                "ResourceNotFoundException",
                f"There is no event {request['eventId']} of the type {request['eventTypeName']}",
            )
        return {"event": found}

    def delete(self, tenant: Tenant, request: Mapping[str, Any]) -> None:
        """The event is not stored any more."""
        self.get(tenant, request)
        with self._lock:
            self._kept.pop((tenant, request["eventTypeName"], request["eventId"]), None)

    def labelled(self, tenant: Tenant, event_type: str) -> list[Json]:
        """The stored events of a type that have a label."""
        with self._lock:
            return [
                event
                for (owner, name, _), event in self._kept.items()
                if owner == tenant and name == event_type and "currentLabel" in event
            ]

    def _storing(self, tenant: Tenant, name: str) -> Json:
        event_type = self.things.get(tenant, store.EVENT_TYPE, name)
        if event_type.get("eventIngestion") != "ENABLED":
            raise RefusedRequestError(
                "ValidationException",
                f"The event type {name} stores no events: set its eventIngestion to ENABLED",
            )
        return event_type


def faults(event_type: Mapping[str, Any], request: Mapping[str, Any]) -> list[str]:
    """Everything by which the event of a request is none of its type."""
    known = set(event_type["eventVariables"])
    wrong = [
        f"the event type {event_type['name']} has no variable {name}"
        for name in sorted(set(request["eventVariables"]) - known)
    ]
    wrong += [
        f"the event type {event_type['name']} has no entity type {entity['entityType']}"
        for entity in request["entities"]
        if entity["entityType"] not in event_type["entityTypes"]
    ]
    return [*wrong, *_moment_faults("eventTimestamp", request["eventTimestamp"])]


def value_of(variable: Mapping[str, Any], text: str) -> Any:
    """A variable's value, sent as text; ValueError if it is none of the variable's data type."""
    name, data_type = variable["name"], variable["dataType"]
    try:
        if data_type == "INTEGER":
            return int(text)
        if data_type == "FLOAT":
            return float(text)
        if data_type == "DATETIME":
            parse_timestamp(text)
    except ValueError as error:
        raise ValueError(f"the variable {name} is a {data_type}, got {text!r}") from error
    if data_type == "BOOLEAN":
        if text.lower() not in {"true", "false"}:
            raise ValueError(f"the variable {name} is a BOOLEAN, got {text!r}")
        return text.lower() == "true"
    return text


def _label_faults(event_type: Mapping[str, Any], label: str | None) -> list[str]:
    if label is None or label in event_type.get("labels", ()):
        return []
    return [f"the event type {event_type['name']} has no label {label}"]


def _moment_faults(member: str, text: str) -> list[str]:
    try:
        parse_timestamp(text)
    except ValueError:
        return [f"{member} must be a time in ISO 8601, got {text!r}"]
    return []


def _refuse(wrong: list[str]) -> None:
    if wrong:
        raise RefusedRequestError("ValidationException", "; ".join(wrong))
