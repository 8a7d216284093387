"""ministack's Route 53: its stores, its XML and its answers to what we leave to it.

Seams: of `route53` `_zones`, `_records`, `_health_checks`, `_lock`, `_new_change`, `_changes`,
`_parse_record_set`, `_parse_health_check_config`, `_create_hosted_zone`, `_delete_hosted_zone` and
the XML builders; of `iam_actions` `_match_rest_action`.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ministack.core import iam_actions
from ministack.services import route53

from emulator.seams.services import Request, Response

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A parsed ChangeResourceRecordSets: pairs of action and record set."""

    comment: str
    changes: tuple[tuple[str, Json], ...]


def zones() -> dict[str, Json]:
    """Every hosted zone of the tenant, by id."""
    with route53._lock:
        return dict(route53._zones.items())


def records(zone_id: str) -> list[Json]:
    """The zone's record sets as the API wrote them; ministack never changes a list in place."""
    with route53._lock:
        return list(route53._records.get(zone_id, []))


def replace_records(zone_id: str, kept: Sequence[Mapping[str, Any]], comment: str) -> str:
    """The zone holds these record sets; the id of the change."""
    with route53._lock:
        route53._records[zone_id] = [dict(raw) for raw in kept]
        return str(route53._new_change(comment)["id"])


def new_change() -> str:
    """A change that concerns a whole zone; its id."""
    with route53._lock:
        return str(route53._new_change()["id"])


def change_exists(change_id: str) -> bool:
    """Whether such a change was ever submitted."""
    with route53._lock:
        return change_id in route53._changes


def health_check_configs() -> dict[str, Json]:
    """The configuration of every health check, by id."""
    with route53._lock:
        return {check_id: dict(c["config"]) for check_id, c in route53._health_checks.items()}


def put_health_check(config: Mapping[str, Any], check_id: str | None = None) -> str:
    """The health check exists with that configuration; its id."""
    with route53._lock:
        known = route53._health_checks.get(check_id) if check_id is not None else None
        if known is not None and check_id is not None:
            known["config"] = dict(config)
            known["version"] += 1
            return check_id
        made = str(uuid.uuid4())
        route53._health_checks[made] = {
            "id": made,
            "caller_reference": made,
            "config": dict(config),
            "version": 1,
        }
        return made


def delete_health_check(check_id: str) -> None:
    """No such health check exists."""
    route53._delete_health_check(check_id)


def put_tags(kind: str, resource_id: str, tags: Mapping[str, str]) -> None:
    """The resource (`hostedzone`, `healthcheck`) has these tags and no others."""
    with route53._lock:
        route53._tags[kind, resource_id] = dict(tags)


def create_zone(name: str, comment: str, vpcs: Sequence[Mapping[str, str]]) -> str:
    """A hosted zone exists, private if it has VPCs; its id."""
    with route53._lock:
        zone_id = route53._zone_id()
        reference = str(uuid.uuid4())
        route53._zones[zone_id] = {
            "id": zone_id,
            "name": name,
            "caller_reference": reference,
            "comment": comment,
            "private": bool(vpcs),
            "vpcs": [dict(vpc) for vpc in vpcs],
        }
        route53._records[zone_id] = route53._default_records(name)
        route53._caller_refs[reference] = zone_id
        return str(zone_id)


def set_comment(zone_id: str, comment: str) -> None:
    """The zone has that comment."""
    with route53._lock:
        route53._zones[zone_id]["comment"] = comment


def delete_zone(zone_id: str) -> str | None:
    """The zone is gone, or why it cannot be; one that was gone counts as deleted."""
    status, _, body = route53._delete_hosted_zone(zone_id)
    if status < 400 or status == 404:
        return None
    found = route53._parse_body(body)
    return str(route53._text(route53._find(found, "Error"), "Message"))


def name_servers() -> list[str]:
    """The servers that every zone of ministack names."""
    return [name.rstrip(".") for name in route53._DEFAULT_NS]


def operation_of(request: Request) -> str | None:
    """The operation of a request, by its route."""
    found = iam_actions._match_rest_action("route53", request.method, request.path, request.query)
    return None if found is None else str(found)


def batch_of(body: bytes) -> Batch:
    """The changes of a request's body; ValueError if it has none."""
    root = route53._parse_body(body)
    batch = None if root is None else route53._find(root, "ChangeBatch")
    listed = None if batch is None else route53._find(batch, "Changes")
    if batch is None or listed is None:
        raise ValueError("a ChangeBatch with Changes is required, got none")
    changes = []
    for element in route53._findall(listed, "Change"):
        record_set = route53._find(element, "ResourceRecordSet")
        if record_set is None:
            raise ValueError("every Change needs a ResourceRecordSet, got one without")
        raw = route53._parse_record_set(record_set)
        for unread in ("GeoProximityLocation", "TrafficPolicyInstanceId"):
            if route53._find(record_set, unread) is not None:
                raw[unread] = True
        changes.append((route53._text(element, "Action"), raw))
    return Batch(comment=route53._text(batch, "Comment"), changes=tuple(changes))


def check_config_of(body: bytes) -> Json:
    """The health check configuration in the body of a creation or an update."""
    root = route53._parse_body(body)
    if root is None:
        return {}
    inner = route53._find(root, "HealthCheckConfig")
    return dict(route53._parse_health_check_config(root if inner is None else inner))


async def built_in(request: Request) -> Response:
    """The answer that ministack gives."""
    query = {name: values[0] for name, values in request.query.items()}
    status, headers, body = await route53.handle_request(
        request.method, request.path, dict(request.headers), request.body, query
    )
    return Response(status=status, headers=headers, body=body)


def error(code: str, message: str, status: int = 400) -> Response:
    """An error in Route 53's XML."""
    code_, headers, body = route53._error_response(code, message, status)
    return Response(status=code_, headers=headers, body=body)


def refused(code: str, message: str, status: int) -> Response:
    """A refusal in Route 53's XML, which calls a denial AccessDenied."""
    return error(code.removesuffix("Exception"), message, status)


def change_answer(root: str, change_id: str, status: str) -> Response:
    """A ChangeInfo in the named envelope."""
    with route53._lock:
        change = {**route53._changes[change_id], "status": status}
    return _answer(root, lambda element: route53._build_change_info_el(element, change))


def plain_answer(root: str, members: Mapping[str, Any]) -> Response:
    """Members as XML; a list's entries are named by the one key of each entry."""
    return _answer(root, lambda element: _fill(element, members))


def _answer(root: str, build: Callable[[Element], None]) -> Response:
    status, headers, body = route53._xml_response(root, build)
    return Response(status=status, headers=headers, body=body)


def _fill(element: Element, members: Mapping[str, Any]) -> None:
    for name, value in members.items():
        child = SubElement(element, name)
        if isinstance(value, Mapping):
            _fill(child, value)
        elif isinstance(value, list):
            for entry in value:
                _fill(child, entry)
        else:
            child.text = str(value)
