"""The API of connections: create, show, list, delete, tag. A tag finishes a connection here."""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from emulator import apimodels
from emulator.codeconnections.repositories import Snapshot, snapshot
from emulator.jsonapi import RefusedRequestError
from emulator.seams.services import (
    Permission,
    Request,
    Response,
    Service,
    error_response,
    json_response,
)

Json = dict[str, Any]

FINISHING_TAG = "embedded-cloud:repositories"
"""The tag whose value is the folder of this machine that holds the connection's repositories."""

PENDING, AVAILABLE = "PENDING", "AVAILABLE"
NAMES = ("codeconnections", "codestar-connections")
_TARGETS = {
    "codeconnections": "com.amazonaws.codeconnections.CodeConnections_20231201.",
    "codestar-connections": "com.amazonaws.codestar.connections.CodeStar_connections_20191201.",
}


class ConnectionsError(RefusedRequestError):
    """A request that the service of connections refuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A connection; `folder` is None until someone has finished it."""

    arn: str
    name: str
    provider: str
    owner: str
    tags: Mapping[str, str]
    folder: Path | None = None

    @property
    def status(self) -> str:
        """Whether it can be used."""
        return PENDING if self.folder is None else AVAILABLE


@dataclass(slots=True)
class Connections:
    """The connections of every account, by the last part of their ARN."""

    _by_id: dict[str, Connection] = field(default_factory=dict)

    def archive(self, arn: str, repository: str, branch: str, commit: str | None) -> Snapshot:
        """The repository's files; LookupError says why there are none."""
        connection = self.find(arn)
        if connection is None:
            raise LookupError(f"Connection {arn} not found")
        if connection.folder is None:
            raise LookupError(
                f"Connection {arn} is not available: its status is {PENDING}. Finish the "
                "connection first (in the embedded cloud by a tag, see the documentation)"
            )
        return snapshot(connection.folder, repository, branch, commit)

    def create(self, account: str, region: str, request: Mapping[str, Any], service: str) -> str:
        """A PENDING connection exists; its ARN."""
        identity = str(uuid.uuid4())
        arn = f"arn:aws:{service}:{region}:{account}:connection/{identity}"
        self._by_id[identity] = Connection(
            arn=arn,
            name=request["ConnectionName"],
            provider=request.get("ProviderType", "GitHub"),
            owner=account,
            tags={tag["Key"]: tag["Value"] for tag in request.get("Tags", [])},
        )
        return arn

    def find(self, arn: str) -> Connection | None:
        """The connection, under either name of the service."""
        return self._by_id.get(arn.rpartition("/")[2])

    def get(self, arn: str) -> Connection:
        """The connection, or AWS's error."""
        found = self.find(arn)
        if found is None:
            raise ConnectionsError("ResourceNotFoundException", f"Resource not found: {arn}")
        return found

    def delete(self, arn: str) -> None:
        """The connection is gone; one that was gone already counts."""
        self._by_id.pop(arn.rpartition("/")[2], None)

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """The connection has these tags too; the finishing one makes it AVAILABLE."""
        known = self.get(arn)
        folder = known.folder
        if FINISHING_TAG in tags:
            folder = Path(tags[FINISHING_TAG])
            if not folder.is_absolute() or not folder.is_dir():
                raise ConnectionsError(
                    "InvalidInputException",
                    f"{FINISHING_TAG} must name a folder of this machine by its absolute path, "
                    f"got {tags[FINISHING_TAG]}",
                )
        changed = replace(known, tags={**known.tags, **tags}, folder=folder)
        self._by_id[arn.rpartition("/")[2]] = changed

    def untag(self, arn: str, keys: Sequence[str]) -> None:
        """The connection has none of those tags; without the finishing one it is PENDING."""
        known = self.get(arn)
        folder = None if FINISHING_TAG in keys else known.folder
        kept = {key: value for key, value in known.tags.items() if key not in keys}
        self._by_id[arn.rpartition("/")[2]] = replace(known, tags=kept, folder=folder)

    def of(self, account: str, provider: str | None) -> list[Connection]:
        """The account's connections, of one provider if that is named."""
        return [
            connection
            for connection in self._by_id.values()
            if connection.owner == account and provider in (None, connection.provider)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionsApi:
    """One of the two names of the service."""

    connections: Connections
    name: str

    def service(self) -> Service:
        """The service, ready to be registered."""
        return Service(
            name=self.name,
            signing_name=self.name,
            claims=lambda _method, _path, headers: headers.get("x-amz-target", "").startswith(
                _TARGETS[self.name]
            ),
            permissions=self._permissions,
            handle=self._handle,
        )

    async def _handle(self, request: Request) -> Response:
        handlers: Mapping[str, Callable[[Request, Json], Awaitable[Json]]] = {
            "CreateConnection": self._create,
            "GetConnection": self._get,
            "ListConnections": self._list,
            "DeleteConnection": self._delete,
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "ListTagsForResource": self._list_tags,
        }
        handler = handlers.get(request.operation)
        if handler is None:
            return error_response(
                "NotEmulatedException",
                f"The embedded cloud does not emulate the operation {request.operation}. "
                "AWS may accept it.",
            )
        body = request.json()
        try:
            failures = apimodels.constraint_failures(self.name, request.operation, body)
            if failures:
                return error_response("ValidationException", apimodels.listed(failures))
            answer = await handler(request, body)
        except apimodels.MalformedRequestError as error:
            return error_response("SerializationException", str(error))
        except ConnectionsError as error:
            return error_response(error.code, error.message)
        return json_response(answer, content_type="application/x-amz-json-1.0")

    async def _create(self, request: Request, body: Json) -> Json:
        arn = self.connections.create(request.account, request.region, body, self.name)
        return {"ConnectionArn": arn, "Tags": body.get("Tags", [])}

    async def _get(self, _request: Request, body: Json) -> Json:
        return {"Connection": _shown(self.connections.get(body["ConnectionArn"]))}

    async def _list(self, request: Request, body: Json) -> Json:
        found = self.connections.of(request.account, body.get("ProviderTypeFilter"))
        return {"Connections": [_shown(connection) for connection in found]}

    async def _delete(self, _request: Request, body: Json) -> Json:
        self.connections.get(body["ConnectionArn"])
        self.connections.delete(body["ConnectionArn"])
        return {}

    async def _tag(self, _request: Request, body: Json) -> Json:
        tags = {tag["Key"]: tag["Value"] for tag in body["Tags"]}
        self.connections.tag(body["ResourceArn"], tags)
        return {}

    async def _untag(self, _request: Request, body: Json) -> Json:
        self.connections.untag(body["ResourceArn"], body["TagKeys"])
        return {}

    async def _list_tags(self, _request: Request, body: Json) -> Json:
        tags = self.connections.get(body["ResourceArn"]).tags
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _permissions(self, request: Request) -> Sequence[Permission]:
        body = request.json()
        resource = body.get("ConnectionArn", body.get("ResourceArn", "*"))
        return [Permission(action=f"{self.name}:{request.operation}", resource=str(resource))]


def _shown(connection: Connection) -> Json:
    return {
        "ConnectionName": connection.name,
        "ConnectionArn": connection.arn,
        "ProviderType": connection.provider,
        "OwnerAccountId": connection.owner,
        "ConnectionStatus": connection.status,
    }
