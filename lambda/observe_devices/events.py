"""What is told of devices: reports and presence by a queue, failures and time by EventBridge.

Formats: IoT developer guide, "Lifecycle events"; Greengrass developer guide, "Get deployment and
component health status notifications".
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

COMPONENTS = "Greengrass V2 Installed Component Status Change"
DEPLOYMENTS = "Greengrass V2 Effective Deployment Status Change"
_CORE = ":coreDevices:"
_FAILED = frozenset({"FAILED", "REJECTED"})
_BROKEN = "BROKEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One message of IoT about a device: a report, or that it connected or disconnected."""

    thing: str
    data: Mapping[str, Any]

    @property
    def presence(self) -> bool | None:
        """Whether the device is there now; None of a report."""
        kind = self.data.get("eventType")
        return None if kind is None else kind == "connected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Messages that came together, under an id of their own."""

    id: str
    messages: Sequence[Told]


def batch_of(event: Mapping[str, Any]) -> Batch:
    """The batch in an event of the queue; what is no JSON object is left out."""
    records = event["Records"]
    named = "\n".join(sorted(record["messageId"] for record in records))
    return Batch(
        id=hashlib.sha256(named.encode()).hexdigest()[:32],
        messages=[told for record in records if (told := _told(record["body"])) is not None],
    )


def _told(body: str) -> Told | None:
    try:
        data = json.loads(body)
    except ValueError:
        return None
    if not isinstance(data, dict):
        return None
    # A client of a device may connect under the thing's name and a number: THING#2.
    client = str(data.get("clientId", "")).partition("#")[0]
    return Told(thing=str(data.get("thing", client)), data=data)


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthEvent:
    """What Greengrass tells of a device: components that went wrong, or how a deployment ended."""

    thing: str
    kind: str
    detail: Mapping[str, Any]

    def broken(self, component: str) -> Iterator[str]:
        """Versions of a component that are broken on the device."""
        for one in self.detail.get("components", ()):
            mine = one.get("componentName") == component
            if mine and one.get("lifecycleState") == _BROKEN:
                yield str(one.get("componentVersion", ""))

    @property
    def failed_deployment(self) -> str | None:
        """The id of a deployment that did not succeed on the device, if that is what is told."""
        failed = self.detail.get("coreDeviceExecutionStatus") in _FAILED
        return str(self.detail.get("deploymentId", "")) if failed else None


def health_event(event: Mapping[str, Any]) -> HealthEvent | None:
    """The health event in what EventBridge sent; None of its schedule, which says nothing more."""
    kind = event.get("detail-type")
    if kind not in {COMPONENTS, DEPLOYMENTS}:
        return None
    found = [str(arn).partition(_CORE)[2] for arn in event.get("resources", ()) if _CORE in arn]
    return HealthEvent(thing=found[0] if found else "", kind=str(kind), detail=event["detail"])
