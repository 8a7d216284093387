"""The routes that every service with arrivals has: send a file, and ask what became of it."""

import json
from dataclasses import dataclass
from typing import Annotated, Any

from tidegate.ai.kind import Kind, Rights, Route
from tidegate.ai.ledger import WorkRecord, WorkState
from tidegate.ai.limits import Length, Matches
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import not_found, unusable
from tidegate.ai.work import IN, RESULTS, arrival_of
from tidegate.errors import NotFoundError

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that is about to come."""

    prefix: Annotated[str, "Which of the service's kinds of files it is.", Length(least=1, most=64)]
    name: Annotated[
        str,
        "Name of the file.",
        Length(least=1, most=200),
        Matches(pattern=_NAME, words="letters, digits, dots, hyphens and underscores"),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where to put it, by HTTP PUT, within 15 minutes, and its key."""

    key: str
    put: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whose result is asked for: a file by its key."""

    key: Annotated[str, "Key of the file, as POST files told it.", Length(least=1, most=1024)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a file. `status` is open, done, refused or dead (in the dead-letter queue)."""

    key: str
    work: str
    status: str
    result: Annotated[Any, "What came of it, once it is done."] = None
    problem: Annotated[Any, "Why it was refused: code, message, faults."] = None


def with_file_routes(kind: Kind) -> tuple[Route, ...]:
    """The kind's routes, and those of its files if any arrive."""
    if not kind.arrivals:
        return kind.routes
    prefixes = ", ".join(arrival.prefix for arrival in kind.arrivals)
    return (
        *kind.routes,
        Route(
            name="files",
            says=f"Gives a link to send a file by. Prefixes: {prefixes}.",
            takes=Upload,
            gives=Link,
            answer=lambda upload, ports: _link(kind, upload, ports),
            status=201,
        ),
        Route(
            name="results",
            says="Tells what became of a file.",
            takes=Wanted,
            gives=Outcome,
            answer=outcome_of,
            method="GET",
        ),
    )


def file_rights(kind: Kind) -> Rights:
    """What these routes need of the bucket."""
    if not kind.arrivals:
        return Rights()
    return Rights(reads=(RESULTS,), writes=(IN,))


def _link(kind: Kind, upload: Upload, ports: ServicePorts) -> Link:
    key = f"{IN}{upload.prefix}/{upload.name}"
    try:
        arrival = arrival_of(kind, key)
    except NotFoundError as error:
        raise unusable(str(error)) from error
    arrival.check(upload.name)
    return Link(key=key, put=ports.files.link(key, upload=True))


def outcome_of(wanted: Wanted, ports: ServicePorts) -> Outcome:
    """What is known of the newest upload of a key; ProblemError where nothing is."""
    work = ports.ledger.newest(wanted.key)
    record = None if work is None else ports.ledger.work(work)
    if record is None:
        raise not_found(
            "nothing is known of that key: files are seen some seconds after they were put, and "
            "forgotten when they expire"
        )
    found = _document(record, ports)
    return Outcome(
        key=record.key,
        work=record.work,
        status=record.state.value,
        result=found.get("result"),
        problem=found.get("problem"),
    )


def _document(record: WorkRecord, ports: ServicePorts) -> dict[str, Any]:
    if record.state not in {WorkState.DONE, WorkState.REFUSED} or record.result is None:
        return {}
    found: dict[str, Any] = json.loads(ports.files.read(record.result))
    return found
