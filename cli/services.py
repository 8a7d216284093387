"""The AI services of a deployed project: asked by their routes, as any application asks them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from cli.deployed import stack_outputs
from cli.exits import CommandError, Exit
from cli.frontdoor import FrontDoor, door_of
from cli.options import Place
from tidegate.ai.kind import Arrival, Kind, Route
from tidegate.ai.kinds import KINDS, kind_named
from tidegate.ai.typed import members

_EXITS: Mapping[int, Exit] = {
    400: Exit.USAGE,
    403: Exit.REFUSED,
    404: Exit.REFUSED,
    409: Exit.REFUSED,
    422: Exit.REFUSED,
    429: Exit.REFUSED,
}
_UNFINISHED = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a service answered, in JSON types."""

    status: int
    body: Any
    correlation: str
    replayed: bool
    prediction_id: str | None = None
    slot: str | None = None
    """Of a service that is released: what outcomes name, and which settings answered."""

    def required(self) -> Any:
        """The answer; CommandError with what the service said instead."""
        if 200 <= self.status < 300:
            return self.body
        error = self.body.get("error", {}) if isinstance(self.body, dict) else {}
        message = error.get("message") or self.body.get("message", str(self.body))
        raise CommandError(
            f"HTTP {self.status}: {message} (correlation id {self.correlation})",
            code=_EXITS.get(self.status, Exit.FAILED),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service: its kind and its door."""

    name: str
    kind: Kind
    door: FrontDoor

    def route(self, name: str) -> Route:
        """The route of that name; CommandError lists those that there are."""
        for route in self.kind.routes:
            if route.name == name:
                return route
        known = ", ".join(route.name for route in self.kind.routes)
        raise CommandError(f"{self.name} has no route {name}, only {known}", code=Exit.USAGE)

    def ask(
        self,
        route: Route,
        fields: Mapping[str, Any],
        *,
        key: str | None = None,
        user: str | None = None,
    ) -> Reply:
        """What the route answers to these fields; `user` says who asks, where arms are tested."""
        path = f"/ai/{quote(self.name)}/{_filled(route.below, fields)}"
        body = b""
        headers = {"content-type": "application/json"}
        if user is not None:
            headers["x-tidegate-user"] = user
        if route.method == "POST":
            body = json.dumps(dict(fields)).encode()
            if key is not None:
                headers["idempotency-key"] = key
        else:
            given = {n: _query(v) for n, v in fields.items() if f"{{{n}}}" not in route.below}
            path = f"{path}?{urlencode(given, quote_via=quote)}" if given else path
        return _reply(self.door.call(route.method, path, body, headers))

    def arrival(self, name: str, prefix: str | None) -> Arrival:
        """Where a file of that name goes; CommandError lists where files may go."""
        arrivals = self.kind.arrivals
        if prefix is None:
            fitting = [a for a in arrivals if not a.suffixes or name.lower().endswith(a.suffixes)]
        else:
            fitting = [a for a in arrivals if a.prefix == prefix]
        if len(fitting) == 1:
            return fitting[0]
        known = "; ".join(f"{a.prefix} ({', '.join(a.suffixes) or 'any file'})" for a in arrivals)
        asked = "name one by --prefix" if fitting else "none of them is it"
        raise CommandError(
            f"{name} goes to which files of {self.name}? {known or 'it takes none'}: {asked}",
            code=Exit.USAGE,
        )

    def send(self, name: str, content: bytes, arrival: Arrival) -> str:
        """The file is on its way; its key."""
        fields = {"prefix": arrival.prefix, "name": name}
        link = self.ask(self.route("files"), fields).required()
        sent = self.door.pool.request("PUT", link["put"], body=content)
        if sent.status != 200:
            raise CommandError(f"S3 did not take {name}: HTTP {sent.status}")
        return str(link["key"])

    def outcome(self, key: str) -> dict[str, Any] | None:
        """What became of a file, None while nothing is known or it is still worked on."""
        reply = self.ask(self.route("results"), {"key": key})
        if reply.status == 404:
            return None
        found: dict[str, Any] = reply.required()
        return None if found["status"] == _UNFINISHED else found


def _filled(path: str, fields: Mapping[str, Any]) -> str:
    for name, value in fields.items():
        path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
    return path


def _query(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _reply(response: Any) -> Reply:
    try:
        body = json.loads(response.data)
    except ValueError:
        body = {"message": response.data.decode(errors="replace")}
    return Reply(
        status=response.status,
        body=body,
        correlation=response.headers.get("x-correlation-id", "none"),
        replayed=response.headers.get("x-tidegate-replayed") == "true",
        prediction_id=response.headers.get("x-tidegate-prediction-id"),
        slot=response.headers.get("x-tidegate-slot"),
    )


def known_services(where: Place) -> Mapping[str, Kind]:
    """The services of the project file, by name; CommandError where a kind is unknown."""
    found: dict[str, Kind] = {}
    for name, kind in where.project.services.items():
        if kind not in KINDS:
            known = ", ".join(sorted(KINDS))
            raise CommandError(f"service {name} is of kind {kind}, only {known}", code=Exit.REFUSED)
        found[name] = kind_named(kind)
    return found


def service_of(where: Place, name: str) -> Service:
    """The deployed service of that name; CommandError when there is none."""
    known = known_services(where)
    if name not in known:
        listed = ", ".join(known) or "none"
        raise CommandError(
            f"{where.project.path} has no service {name}, only {listed}", code=Exit.USAGE
        )
    door = door_of(where.target, url=ai_outputs(where)["ApiUrl"].rstrip("/"))
    return Service(name=name, kind=known[name], door=door)


def ai_outputs(where: Place) -> Mapping[str, str]:
    """The outputs of the stack that all services share; CommandError when it is not deployed."""
    stack = f"{where.project.name}-{where.stage}-ai"
    outputs = stack_outputs(where.reading, stack)
    if not outputs:
        raise CommandError(
            f"{stack} is not deployed on {where.target.name}: run 'tidegate deploy'",
            code=Exit.REFUSED,
        )
    return outputs


def fields_of(route: Route, words: Sequence[str], files: Any) -> dict[str, Any]:
    """FIELD=VALUE as the route's fields: text as it is, anything else in JSON, @PATH from a file.

    `files` reads the text of a path. The service itself says what is wrong with a value.
    """
    types = {member.name: member.type for member in members(route.takes)}
    found: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            known = ", ".join(types) or "none"
            raise CommandError(
                f"{word!r} is no FIELD=VALUE; fields of {route.name}: {known}", code=Exit.USAGE
            )
        text = files(value[1:]) if value.startswith("@") else value
        found[name] = text if types.get(name) is str else _parsed(text)
    return found


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
