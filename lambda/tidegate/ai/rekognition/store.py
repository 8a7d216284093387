"""Employees, sessions and the audit trail, in a DynamoDB table of the service's own.

A change of an employee and the entry of the trail about it are one transaction: neither is there
without the other, whatever kills the function.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallRefusedError, ProblemError
from tidegate.ai.rekognition.people import DAY, Employee, Event, Purpose, Session, State
from tidegate.ai.rekognition.settings import RekognitionSettings
from tidegate.ai.typed import to_json

TABLE = "table"
"""What functions are told of the table's name."""
SESSION_SECONDS = 3_600
_EMPLOYEE, _SESSION, _AUDIT = "employee", "session", "audit#"
_LOST = "TransactionCanceledException"
MOST_EVENTS = 100


def employee_of(user: str, ports: ServicePorts) -> Employee:
    """The record as it is now; of an employee who never was, an absent one."""
    found = _get(f"user#{user}", _EMPLOYEE, ports)
    if found is None:
        return Employee(user=user)
    fields = {**found, "state": State(found["state"]), "faces": tuple(found.get("faces", ()))}
    return Employee(**fields)


def session_of(id_: str, ports: ServicePorts) -> Session | None:
    """The session, if the service began it."""
    found = _get(f"session#{id_}", _SESSION, ports)
    return None if found is None else Session(**{**found, "purpose": Purpose(found["purpose"])})


def begin_session(session: Session, event: Event, ports: ServicePorts) -> None:
    """The session and the entry about it are there."""
    _write([_session_item(session, ports), _event_item(session.user, event, ports)], ports)


def save(
    employee: Employee, event: Event, ports: ServicePorts, *, session: Session | None = None
) -> None:
    """The employee, the entry, and the session that is over with it; or none of them.

    ProblemError where one of them was changed by somebody else in between.
    """
    items = [_employee_item(employee, ports), _event_item(employee.user, event, ports)]
    if session is not None:
        items.append(_session_item(session, ports))
    _write(items, ports)


def events_of(user: str, ports: ServicePorts) -> tuple[Mapping[str, Any], ...]:
    """The latest entries of the trail, the newest first."""
    answer = ports.calls.call(
        "dynamodb",
        "Query",
        TableName=ports.resources[TABLE],
        KeyConditionExpression="pk = :pk AND begins_with(sk, :audit)",
        ExpressionAttributeValues={":pk": {"S": f"user#{user}"}, ":audit": {"S": _AUDIT}},
        ScanIndexForward=False,
        Limit=MOST_EVENTS,
    )
    return tuple(json.loads(item["document"]["S"]) for item in answer["Items"])


def _get(pk: str, sk: str, ports: ServicePorts) -> dict[str, Any] | None:
    answer = ports.calls.call(
        "dynamodb",
        "GetItem",
        TableName=ports.resources[TABLE],
        Key={"pk": {"S": pk}, "sk": {"S": sk}},
        ConsistentRead=True,
    )
    item = answer.get("Item")
    if item is None:
        return None
    found: dict[str, Any] = json.loads(item["document"]["S"])
    return found


def _employee_item(employee: Employee, ports: ServicePorts) -> Mapping[str, Any]:
    keys = (f"user#{employee.user}", _EMPLOYEE)
    expires = (employee.expires_at or ports.clock.now()) + DAY * _settings(ports).audit_days
    return _put(keys, to_json(employee), expires, ports, revision=employee.revision)


def _session_item(session: Session, ports: ServicePorts) -> Mapping[str, Any]:
    keys, expires = (f"session#{session.id}", _SESSION), session.created_at + SESSION_SECONDS
    return _put(keys, to_json(session), expires, ports, revision=session.revision)


def _event_item(user: str, event: Event, ports: ServicePorts) -> Mapping[str, Any]:
    """Entries are in the order of their time, and never overwritten."""
    sk = f"{_AUDIT}{event.at:017.6f}#{event.what}#{event.session or ''}"
    expires = event.at + DAY * _settings(ports).audit_days
    return _put((f"user#{user}", sk), to_json(event), expires, ports, revision=0)


def _settings(ports: ServicePorts) -> RekognitionSettings:
    settings: RekognitionSettings = ports.settings
    return settings


def _put(
    keys: tuple[str, str],
    document: Any,
    expires: float,
    ports: ServicePorts,
    *,
    revision: int,
) -> Mapping[str, Any]:
    """The item is written if what is there is the revision before it."""
    item = {
        "pk": {"S": keys[0]},
        "sk": {"S": keys[1]},
        "document": {"S": json.dumps(document, sort_keys=True)},
        "revision": {"N": str(revision)},
        "expires_at": {"N": str(math.ceil(expires))},
    }
    put: dict[str, Any] = {"TableName": ports.resources[TABLE], "Item": item}
    if revision == 0:
        put["ConditionExpression"] = "attribute_not_exists(pk)"
    else:
        put["ConditionExpression"] = "attribute_not_exists(pk) OR revision = :before"
        put["ExpressionAttributeValues"] = {":before": {"N": str(revision - 1)}}
    return {"Put": put}


def _write(items: list[Mapping[str, Any]], ports: ServicePorts) -> None:
    try:
        ports.calls.call("dynamodb", "TransactWriteItems", TransactItems=items)
    except CallRefusedError as error:
        if error.code != _LOST:
            raise
        message = "somebody else changed this employee at the same time: try again"
        raise ProblemError("changed-meanwhile", message, status=409, retry_after=1) from error
