"""Device reports, version 1: what one device's component did in one interval.

A component counts its requests and publishes a report when an interval is over. It is material
from outside: each is checked, and bounded in what it may add.
"""

import re
from collections.abc import Mapping
from typing import Any

from tidegate import latency
from tidegate.errors import InvalidValueError
from tidegate.values import value

VERSION = 1

MOST_COUNTED = 60
"""Requests of one device in one interval that are evidence, at most: the first ones.

Requests of one device have much in common. Without a bound, a device that is asked all the time
would decide over a release alone.
"""

_RUN = re.compile(r"^[a-f0-9]{8}$")
_THING = re.compile(r"^[a-zA-Z0-9:_-]{1,128}$")
"""Names of things, as IoT's CreateThing takes them."""


@value
class DeviceReport:
    """What a component counted in an interval of serving.

    `run` names the start of the component that counted, so that a report which comes twice is known
    and one after a crash is another. `requests` are those that are evidence, at most MOST_COUNTED,
    `served` all of them. `known` and `wrong` are outcomes that applications told the component.
    """

    thing: str
    component_version: str
    interval: int
    run: str
    served: int
    requests: int
    errors: int
    latency: Mapping[int, int]
    known: int
    wrong: int


def parse_report(thing: str, data: Mapping[str, Any]) -> DeviceReport:
    """The report of a thing; InvalidValueError with everything that is wrong with it."""
    faults = [*_field_faults(thing, data)]
    if faults:
        raise InvalidValueError(faults)
    histogram = {int(bucket): count for bucket, count in data["latency"].items()}
    report = DeviceReport(
        thing=thing,
        component_version=data["component_version"],
        interval=data["interval"],
        run=data["run"],
        served=data["served"],
        requests=data["requests"],
        errors=data["errors"],
        latency=histogram,
        known=data["known"],
        wrong=data["wrong"],
    )
    faults = [*_count_faults(report)]
    if faults:
        raise InvalidValueError(faults)
    return report


_NUMBERS = ("interval", "served", "requests", "errors", "known", "wrong")
_MOST = 10**9


def _field_faults(thing: str, data: Mapping[str, Any]) -> list[str]:
    faults = [
        f"{name} must be a whole number from 0 to {_MOST}, got {data.get(name)!r}"
        for name in _NUMBERS
        if not _is_count(data.get(name))
    ]
    if data.get("v") != VERSION:
        faults.append(f"v must be {VERSION}, got {data.get('v')!r}")
    if _THING.match(thing) is None:
        faults.append(f"thing must be a name of 1 to 128 characters, got {thing!r}")
    if not isinstance(data.get("component_version"), str):
        faults.append(f"component_version must be text, got {data.get('component_version')!r}")
    if not isinstance(data.get("run"), str) or _RUN.match(data["run"]) is None:
        faults.append(f"run must be 8 hexadecimal digits, got {data.get('run')!r}")
    return [*faults, *_latency_faults(data.get("latency"))]


def _latency_faults(histogram: Any) -> list[str]:
    if not isinstance(histogram, Mapping):
        return [f"latency must be counts by bucket, got {histogram!r}"]
    return [
        f"latency bucket {bucket!r} must be 0 to {latency.BUCKET_COUNT - 1} with a count"
        for bucket, count in histogram.items()
        if not (_is_bucket(bucket) and _is_count(count))
    ]


def _is_bucket(text: Any) -> bool:
    return (
        isinstance(text, str)
        and text.isascii()
        and text.isdecimal()
        and (int(text) < latency.BUCKET_COUNT)
    )


def _is_count(number: Any) -> bool:
    # True is an int to Python.
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= _MOST


def _count_faults(report: DeviceReport) -> list[str]:
    faults: list[str] = []
    if report.requests > min(MOST_COUNTED, report.served):
        faults.append(
            f"requests must be at most {MOST_COUNTED} and at most served ({report.served}), "
            f"got {report.requests}"
        )
    if report.errors > report.requests:
        faults.append(f"errors must be at most requests ({report.requests}), got {report.errors}")
    if sum(report.latency.values()) > report.requests - report.errors:
        faults.append(
            f"latencies must be at most of requests without error "
            f"({report.requests - report.errors}), got {sum(report.latency.values())}"
        )
    if report.wrong > report.known or report.known > MOST_COUNTED:
        faults.append(
            f"known must be at most {MOST_COUNTED} and wrong at most known, "
            f"got {report.known} and {report.wrong}"
        )
    return faults
