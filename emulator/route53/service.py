"""Route 53's API: permissions as AWS asks them, changes by our rules, the rest by ministack.

`TestDNSAnswer` and `GetHealthCheckStatus`, which ministack lacks, are answered here.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from emulator.route53.answers import Answer
from emulator.route53.check_config import faults_of
from emulator.route53.checks import Status
from emulator.route53.operations import ZoneOperations
from emulator.route53.records import full_name
from emulator.route53.validation import Action, Change, Route53Error
from emulator.seams import route53 as seam
from emulator.seams.services import Permission, Request, Response, Service

SIGNING_NAME = "route53"
_PATH = re.compile(r"/2013-04-01/(?P<kind>[a-z]+)(/(?P<id>[^/]+))?(/(?P<rest>[^/]+))?/?")
_CONTEXT = "route53:changeresourcerecordsets"

Handler = Callable[[Request, str], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedZones:
    """The API's operations; those it does not name are ministack's."""

    operations: ZoneOperations
    resolve: Callable[[str, str], Answer]
    check_status: Callable[[str], Status]

    def service(self) -> Service:
        """The service, ready to be registered."""
        return Service(
            name=SIGNING_NAME,
            signing_name=SIGNING_NAME,
            claims=lambda _method, _path, _headers: True,
            permissions=permissions_of,
            handle=self.handle,
            denied_status=403,
            refuse=seam.refused,
        )

    async def handle(self, request: Request) -> Response:
        """The answer to one authorized request."""
        handlers: dict[str | None, Handler] = {
            "ChangeResourceRecordSets": self._change_records,
            "GetChange": self._get_change,
            "CreateHostedZone": self._create_zone,
            "DeleteHostedZone": self._delete_zone,
            "CreateHealthCheck": self._put_check,
            "UpdateHealthCheck": self._put_check,
            "TestDNSAnswer": self._test_answer,
            "GetHealthCheckStatus": self._check_status,
        }
        handler = handlers.get(seam.operation_of(request))
        if handler is None:
            return await seam.built_in(request)
        try:
            return await handler(request, _id_in(request.path))
        except Route53Error as refused:
            return seam.error(refused.code, str(refused), refused.status)
        except ValueError as malformed:
            return seam.error("InvalidInput", str(malformed))

    async def _change_records(self, request: Request, zone_id: str) -> Response:
        batch = seam.batch_of(request.body)
        changes = [Change(action=Action(action), raw=raw) for action, raw in batch.changes]
        change_id = self.operations.change(zone_id, changes, batch.comment)
        return seam.change_answer("ChangeResourceRecordSetsResponse", change_id, "PENDING")

    async def _get_change(self, _request: Request, change_id: str) -> Response:
        if not seam.change_exists(change_id):
            message = f"A change with the ID {change_id} does not exist."
            raise Route53Error("NoSuchChange", message, status=404)
        status = "INSYNC" if self.operations.is_in_sync(change_id) else "PENDING"
        return seam.change_answer("GetChangeResponse", change_id, status)

    async def _create_zone(self, request: Request, _none: str) -> Response:
        before = seam.zones().keys()
        response = await seam.built_in(request)
        for zone_id in seam.zones().keys() - before:
            self.operations.publish(zone_id, _change_in(response))
        return response

    async def _delete_zone(self, request: Request, zone_id: str) -> Response:
        response = await seam.built_in(request)
        if response.status < 400:
            self.operations.publish(zone_id, _change_in(response))
        return response

    async def _put_check(self, request: Request, check_id: str) -> Response:
        known = seam.health_check_configs().get(check_id, {})
        faults = list(faults_of({**known, **seam.check_config_of(request.body)}))
        if faults:
            raise Route53Error("InvalidInput", "; ".join(faults))
        return await seam.built_in(request)

    async def _test_answer(self, request: Request, _none: str) -> Response:
        name, kind = request.query["recordname"][0], request.query["recordtype"][0]
        answer = self.resolve(full_name(name), kind)
        values = [value for records in answer.records for value in records.values]
        members: dict[str, Any] = {
            "Nameserver": seam.name_servers()[0],
            "RecordName": name,
            "RecordType": kind,
            "RecordData": [{"RecordDataEntry": value} for value in values],
            "ResponseCode": answer.code.value,
            "Protocol": "UDP",
        }
        return seam.plain_answer("TestDNSAnswerResponse", members)

    async def _check_status(self, request: Request, check_id: str) -> Response:
        if check_id not in seam.health_check_configs():
            message = f"No health check exists with the specified ID {check_id}."
            raise Route53Error("NoSuchHealthCheck", message, status=404)
        status = self.check_status(check_id)
        report: dict[str, Any] = {"Status": status.said}
        if status.checked_at_seconds is not None:
            checked = datetime.fromtimestamp(status.checked_at_seconds, UTC)
            report["CheckedTime"] = checked.isoformat(timespec="milliseconds")
        observation = {
            "HealthCheckObservation": {
                "Region": request.region,
                "IPAddress": "127.0.0.1",
                "StatusReport": report,
            }
        }
        members = {"HealthCheckObservations": [observation]}
        return seam.plain_answer("GetHealthCheckStatusResponse", members)


def permissions_of(request: Request) -> list[Permission]:
    """What the caller must be allowed, on which resource, with Route 53's own condition keys."""
    operation = seam.operation_of(request)
    if operation is None:
        return []
    found = _PATH.fullmatch(request.path)
    kind = found["kind"] if found is not None else ""
    owns_id = kind in {"hostedzone", "change", "healthcheck"} and found is not None and found["id"]
    resource = f"arn:aws:route53:::{kind}/{_id_in(request.path)}" if owns_id else "*"
    context: dict[str, Any] = {}
    if operation == "ChangeResourceRecordSets":
        batch = seam.batch_of(request.body)
        context = {
            f"{_CONTEXT}normalizedrecordnames": _distinct(_normalized(r) for _, r in batch.changes),
            f"{_CONTEXT}recordtypes": _distinct(raw["Type"] for _, raw in batch.changes),
            f"{_CONTEXT}actions": _distinct(action for action, _ in batch.changes),
        }
    return [Permission(action=f"route53:{operation}", resource=resource, context=context)]


def _normalized(raw: dict[str, Any]) -> str:
    """Lower case and no dot at the end ("IAM policy conditions", developer guide)."""
    return full_name(raw["Name"]).rstrip(".")


def _distinct(values: Any) -> list[str]:
    return list(dict.fromkeys(values))


def _id_in(path: str) -> str:
    found = _PATH.fullmatch(path)
    return found["id"] if found is not None and found["id"] is not None else ""


def _change_in(response: Response) -> str:
    found = re.search(rb"<Id>/change/([^<]+)</Id>", response.body)
    return found[1].decode() if found is not None else ""
