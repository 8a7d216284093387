"""The configuration of a health check: what it says, and what is refused."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from emulator.loopback import is_loopback

Json = Mapping[str, Any]

INTERVALS = (10, 30)
THRESHOLDS = (1, 10)
DEFAULT_PORTS = {"HTTP": 80, "HTTP_STR_MATCH": 80, "HTTPS": 443, "HTTPS_STR_MATCH": 443}


class CheckType(StrEnum):
    """The kinds of health check that run here; RECOVERY_CONTROL does not."""

    HTTP = "HTTP"
    HTTPS = "HTTPS"
    HTTP_STR_MATCH = "HTTP_STR_MATCH"
    HTTPS_STR_MATCH = "HTTPS_STR_MATCH"
    TCP = "TCP"
    CALCULATED = "CALCULATED"
    CLOUDWATCH_METRIC = "CLOUDWATCH_METRIC"

    @property
    def is_endpoint(self) -> bool:
        """Whether checkers connect to something."""
        return self not in {CheckType.CALCULATED, CheckType.CLOUDWATCH_METRIC}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckConfig:
    """A health check's configuration, defaults filled in."""

    type: CheckType
    address: str | None = None
    host: str | None = None
    port: int = 0
    path: str = "/"
    search: str | None = None
    interval_seconds: int = 30
    failure_threshold: int = 3
    inverted: bool = False
    disabled: bool = False
    children: tuple[str, ...] = ()
    health_threshold: int = 0
    alarm: tuple[str, str] | None = None
    """Region and name of the alarm."""
    without_data: str = "LastKnownStatus"


def config_of(raw: Json) -> CheckConfig:
    """The configuration of members that `faults_of` found right."""
    alarm = raw.get("AlarmIdentifier")
    return CheckConfig(
        type=CheckType(raw["Type"]),
        address=raw.get("IPAddress"),
        host=raw.get("FullyQualifiedDomainName"),
        port=int(raw.get("Port", DEFAULT_PORTS.get(raw["Type"], 0))),
        path=raw.get("ResourcePath", "/"),
        search=raw.get("SearchString"),
        interval_seconds=int(raw.get("RequestInterval", 30)),
        failure_threshold=int(raw.get("FailureThreshold", 3)),
        inverted=raw.get("Inverted") is True,
        disabled=raw.get("Disabled") is True,
        children=tuple(raw.get("ChildHealthChecks", ())),
        health_threshold=int(raw.get("HealthThreshold", 0)),
        alarm=None if alarm is None else (alarm["Region"], alarm["Name"]),
        without_data=raw.get("InsufficientDataHealthStatus", "LastKnownStatus"),
    )


def faults_of(raw: Json) -> Iterator[str]:
    """Everything that is wrong with a configuration, or not emulated."""
    kind = raw.get("Type")
    if kind not in list(CheckType):
        allowed = ", ".join(CheckType)
        yield f"health check type {kind!r} is not emulated: allowed are {allowed}"
        return
    if int(raw.get("RequestInterval", 30)) not in INTERVALS:
        yield f"RequestInterval must be 10 or 30, got {raw['RequestInterval']}"
    low, high = THRESHOLDS
    if not low <= int(raw.get("FailureThreshold", 3)) <= high:
        yield f"FailureThreshold must be {low} to {high}, got {raw['FailureThreshold']}"
    if CheckType(kind).is_endpoint:
        yield from _endpoint_faults(raw)
    if kind == CheckType.CLOUDWATCH_METRIC and "AlarmIdentifier" not in raw:
        yield "AlarmIdentifier is required for CLOUDWATCH_METRIC"


def _endpoint_faults(raw: Json) -> Iterator[str]:
    address = raw.get("IPAddress")
    if address is None and raw.get("FullyQualifiedDomainName") is None:
        yield "IPAddress or FullyQualifiedDomainName is required"
    if address is not None and not is_loopback(address):
        yield f"IPAddress must be a loopback one, got {address!r}: nothing here leaves the machine"
    if raw["Type"] == CheckType.TCP and "Port" not in raw:
        yield "Port is required for TCP"
    if raw["Type"].endswith("STR_MATCH") and not raw.get("SearchString"):
        yield "SearchString is required for a string match"
