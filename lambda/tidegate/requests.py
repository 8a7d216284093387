"""Requests that models in staging are asked, and when: a file of them as traffic.

A file has a JSON document a line: `body` (JSON, or text as it is), and if known `expect` (JSON
pointer to the value that is right there), `user`, `content_type`, and `at` (seconds, of replayed
traffic). When a request is due follows from the file and the time alone.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tidegate.errors import InvalidValueError
from tidegate.shadow.agreement import found_at

_MINUTE = 60.0
_KEYS = frozenset({"body", "expect", "user", "content_type", "at"})
_MOST_FAULTS = 20


class TrafficKind(StrEnum):
    """Requests at a steady rate, or as they were recorded, over and over."""

    SYNTHETIC = "synthetic"
    REPLAYED = "replayed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. `expect` is what a right answer has, by JSON pointer; empty if nobody knows."""

    body: bytes
    content_type: str = "application/json"
    user: str = ""
    expect: Mapping[str, Any]
    at: float = 0.0
    """Seconds since the recording began, of replayed traffic."""

    def wrong(self, answer: bytes) -> bool | None:
        """Whether an answer is not what was expected; None where nothing was."""
        if not self.expect:
            return None
        return any(found_at(answer, place) != value for place, value in self.expect.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Requests and their pace. `requests_per_minute` is of synthetic traffic."""

    kind: TrafficKind
    requests: tuple[Request, ...]
    requests_per_minute: int

    def due(self, begin: float, end: float) -> Iterator[tuple[float, Request]]:
        """What is to be sent from `begin` until before `end`, both in seconds since the start."""
        if self.kind is TrafficKind.SYNTHETIC:
            return self._steady(begin, end)
        return self._recorded(begin, end)

    def _steady(self, begin: float, end: float) -> Iterator[tuple[float, Request]]:
        gap = _MINUTE / self.requests_per_minute
        number = _first_at_or_after(begin, gap)
        while number * gap < end:
            yield number * gap, self.requests[number % len(self.requests)]
            number += 1

    def _recorded(self, begin: float, end: float) -> Iterator[tuple[float, Request]]:
        first, last = self.requests[0].at, self.requests[-1].at
        # The recording begins again after the mean gap between two of its requests.
        length = (last - first) * len(self.requests) / max(1, len(self.requests) - 1)
        length = length if length > 0 else _MINUTE
        turn = int(begin // length)
        while turn * length < end:
            for request in self.requests:
                moment = turn * length + request.at - first
                if begin <= moment < end:
                    yield moment, request
            turn += 1


def _first_at_or_after(begin: float, gap: float) -> int:
    number = max(0, int(begin / gap) - 1)
    while number * gap < begin:
        number += 1
    return number


def read_requests(text: str, *, kind: TrafficKind) -> tuple[Request, ...]:
    """The requests in a file; InvalidValueError with every faulty line, at most twenty of them."""
    lines = [(n, line) for n, line in enumerate(text.splitlines(), start=1) if line.strip()]
    faults: list[str] = [] if lines else ["no request: write a JSON document a line"]
    requests: list[Request] = []
    for number, line in lines:
        found = list(_line_faults(line, kind))
        faults.extend(f"line {number}: {fault}" for fault in found)
        if not found:
            requests.append(_request(json.loads(line)))
    if kind is TrafficKind.REPLAYED:
        faults.extend(_order_faults(requests))
    if faults:
        raise InvalidValueError(faults[:_MOST_FAULTS])
    return tuple(requests)


def _line_faults(line: str, kind: TrafficKind) -> Iterator[str]:
    try:
        document = json.loads(line)
    except ValueError as error:
        yield f"not JSON ({error})"
        return
    if not isinstance(document, dict) or "body" not in document:
        yield 'a request is {"body": ..., "expect": {"/label": "late"}}'
        return
    for key in sorted(set(document) - _KEYS):
        yield f"unknown key {key}: allowed are {', '.join(sorted(_KEYS))}"
    for key in ("user", "content_type"):
        if not isinstance(document.get(key, ""), str):
            yield f"{key} is {document[key]!r}, must be text"
    yield from _expect_faults(document.get("expect", {}))
    if kind is TrafficKind.REPLAYED and not _is_moment(document.get("at")):
        yield f"at is {document.get('at')!r}, replayed traffic needs seconds, 0 or more"


def _expect_faults(expect: Any) -> Iterator[str]:
    if not isinstance(expect, dict):
        yield f"expect is {expect!r}, must be JSON pointers with the values that are right there"
        return
    for place in expect:
        if place and not place.startswith("/"):
            yield f"expect has {place!r}, must be a JSON pointer such as /label"


def _is_moment(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _order_faults(requests: Sequence[Request]) -> Iterator[str]:
    moments = [request.at for request in requests]
    if moments != sorted(moments):
        yield "at must not fall from line to line: sort the recording"


def _request(document: Mapping[str, Any]) -> Request:
    body = document["body"]
    encoded = body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))
    return Request(
        body=encoded.encode(),
        content_type=document.get("content_type", "application/json"),
        user=document.get("user", ""),
        expect=dict(document.get("expect", {})),
        at=float(document["at"]) if _is_moment(document.get("at")) else 0.0,
    )
