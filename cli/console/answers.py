"""What the console answers: pages and JSON of what was read, orders carried out, errors told.

Knows paths, and neither sockets nor headers of HTTP (`server.py`, `guard.py`).
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from cli.batchwords import run_json
from cli.console.actions import Verb, carry_out, offers
from cli.console.batches import NO_BATCHES, BatchReader, SeenRun
from cli.console.guard import RequestRefusedError
from cli.console.pages import batch_page, overview_page, release_page
from cli.console.reader import Reader, Seen
from cli.exits import Exit, failure_of
from cli.overview import release_json, status_json
from cli.screen import standing
from cli.verbs import operator
from tidegate.errors import ConflictError, NotFoundError, ReleaseRefusedError

LONGEST_REASON = 500
"""Characters of a reason: the log is read by people."""

_STATUS = {
    Exit.USAGE: HTTPStatus.NOT_FOUND,
    Exit.REFUSED: HTTPStatus.CONFLICT,
    Exit.UNREACHABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A body of a kind, and its tag, by which a client says that it has it already."""

    status: HTTPStatus
    body: bytes
    content_type: str

    @property
    def tag(self) -> str:
        """An entity tag that changes with the body."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:24]}"'


class Answers:
    """Answers of one deployed project."""

    def __init__(self, reader: Reader, batches: BatchReader = NO_BATCHES) -> None:
        self._reader = reader
        self._batches = batches

    def get(self, path: str) -> Answer:
        """What is at a path; an answer in any case."""
        return _told(lambda: self._get(_parts(path)))

    def post(self, path: str, body: bytes) -> Answer:
        """An order was carried out, or the answer says why it was not."""
        return _told(lambda: self._post(_parts(path), body))

    def _get(self, parts: tuple[str, ...]) -> Answer:
        match parts:
            case ("pages", *rest):
                return self._page(tuple(rest))
            case ("api", *rest):
                return self._document(tuple(rest))
            case _:
                raise _nothing_at(parts)

    def _page(self, parts: tuple[str, ...]) -> Answer:
        match parts:
            case ("overview",):
                return _html(overview_page(self._reader.overview(), self._batches.runs()))
            case ("releases", wanted):
                return _html(release_page(self._reader.release(wanted), who=operator()))
            case ("batches", model, run):
                return _html(batch_page(self._batches.report(model, run)))
            case _:
                raise _nothing_at(("pages", *parts))

    def _document(self, parts: tuple[str, ...]) -> Answer:
        match parts:
            case ("about",):
                return _json(self._about())
            case ("models",):
                return _json({"models": [status_json(m) for m in self._reader.overview().models]})
            case ("batches",):
                return _json({"runs": [run_document(seen) for seen in self._batches.runs()]})
            case ("releases",):
                views = self._reader.overview().releases
                return _json({"releases": [release_json(view) for view in views]})
            case ("releases", wanted):
                return _json(release_document(self._reader.release(wanted)))
            case _:
                raise _nothing_at(("api", *parts))

    def _post(self, parts: tuple[str, ...], body: bytes) -> Answer:
        match parts:
            case ("api", "releases", wanted, verb) if verb in set(Verb):
                return self._order(wanted, Verb(verb), why=reason_in(body))
            case _:
                verbs = ", ".join(Verb)
                raise NotFoundError(f"orders go to /api/releases/RELEASE/VERB; verbs: {verbs}")

    def _order(self, wanted: str, verb: Verb, *, why: str) -> Answer:
        release_id = self._reader.release(wanted).record.release_id
        self._reader.forget(release_id)
        seen = self._reader.release(release_id)
        refusals = {o.verb: o.refusal for o in offers(seen.record, attended=seen.attended)}
        refusal = refusals[verb]
        if refusal is not None:
            raise ReleaseRefusedError(f"{release_id} cannot {verb} now: {refusal}")
        try:
            carry_out(self._reader.deployed, release_id, verb, why=why)
        finally:
            self._reader.forget(release_id)
        return _json({"release_id": release_id, "verb": verb.value, "who": operator()})

    def _about(self) -> dict[str, Any]:
        deployed = self._reader.deployed
        return {
            "project": deployed.project,
            "stage": deployed.stage,
            "target": deployed.target.name,
            "embedded": deployed.target.embedded,
            "who": operator(),
            "refresh_seconds": self._reader.refresh_seconds,
        }


def release_document(seen: Seen) -> dict[str, Any]:
    """Everything about a release in JSON types, as `tidegate release status --json` and more."""
    serving = seen.serving
    return {
        **seen.view.to_json(),
        "standing": standing(seen.view),
        "at": seen.at,
        "looks": seen.looks,
        "attended": seen.attended,
        "endpoint_status": "absent" if serving is None else serving.status,
        "serves": seen.shares,
        "offers": [asdict(o) for o in offers(seen.record, attended=seen.attended)],
    }


def run_document(seen: SeenRun) -> dict[str, Any]:
    """A run of a batch in JSON types."""
    more = {"model": seen.model, "seconds": seen.seconds, "stalled": seen.stalled}
    return {**run_json(seen.record), **more}


def reason_in(body: bytes) -> str:
    """The reason that an order gives; RequestRefusedError for a body that is not an order."""
    try:
        order = json.loads(body)
    except ValueError:
        order = None
    if not isinstance(order, dict) or set(order) - {"why"}:
        raise RequestRefusedError(HTTPStatus.BAD_REQUEST, 'an order is {"why": "the reason"}')
    why = order.get("why", "")
    if not isinstance(why, str) or len(why) > LONGEST_REASON or not why.isprintable():
        raise RequestRefusedError(
            HTTPStatus.BAD_REQUEST,
            f"why must be one printable line of at most {LONGEST_REASON} characters",
        )
    return why.strip()


def error_answer(status: HTTPStatus, *faults: str) -> Answer:
    """An error as programs and the page read it."""
    return _json({"error": "; ".join(faults), "faults": list(faults)}, status=status)


def _told(work: Callable[[], Answer]) -> Answer:
    """The answer, or that of an error which somebody expected; others are for the server's log."""
    try:
        return work()
    except RequestRefusedError as refused:
        return error_answer(refused.status, str(refused))
    except NotFoundError as error:
        return error_answer(HTTPStatus.NOT_FOUND, str(error))
    except ConflictError as error:
        return error_answer(HTTPStatus.CONFLICT, str(error))
    except Exception as error:
        failure = failure_of(error)
        if failure is None:
            raise
        status = _STATUS.get(failure.code, HTTPStatus.BAD_GATEWAY)
        return error_answer(status, *failure.faults)


def _nothing_at(parts: tuple[str, ...]) -> NotFoundError:
    return NotFoundError(f"nothing is at /{'/'.join(parts)}")


def _parts(path: str) -> tuple[str, ...]:
    """The parts of a path; a release id has no slash, so an escaped one makes none."""
    return tuple(unquote(part) for part in path.partition("?")[0].strip("/").split("/"))


def _html(text: str) -> Answer:
    return Answer(status=HTTPStatus.OK, body=text.encode(), content_type="text/html; charset=utf-8")


def _json(value: Any, *, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    body = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    return Answer(status=status, body=body, content_type="application/json")
