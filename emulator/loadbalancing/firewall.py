"""Web ACLs in front of load balancers: rate rules by client address, and the default action.

A rule of any other kind is refused when the ACL is associated, or changed while it is. AWS WAF
counts within some seconds of a request and blocks with that delay; here each request is counted at
once, blocked ones too, over the rule's window on the cloud's clock.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]

WINDOWS_SECONDS = (60, 120, 300, 600)
DEFAULT_WINDOW_SECONDS = 300
SMALLEST_LIMIT = 10


def faults_of(acl: Json) -> Iterator[str]:
    """What of the ACL would not be enforced here."""
    yield from _action_faults("DefaultAction", acl.get("DefaultAction", {}), ("Allow", "Block"))
    for rule in acl.get("Rules", []):
        name = f"rule {rule.get('Name')!r}"
        statement = rule.get("Statement", {})
        if set(statement) != {"RateBasedStatement"}:
            kinds = ", ".join(sorted(statement))
            yield f"{name}: the embedded cloud enforces RateBasedStatement only, not {kinds}"
            continue
        yield from _rate_faults(name, statement["RateBasedStatement"])
        yield from _action_faults(name, rule.get("Action", {}), ("Block", "Count"))


def _rate_faults(name: str, rate: Json) -> Iterator[str]:
    if rate.get("AggregateKeyType", "IP") != "IP":
        yield f"{name}: AggregateKeyType {rate['AggregateKeyType']!r} is not enforced, only IP"
    for member in ("ScopeDownStatement", "ForwardedIPConfig", "CustomKeys"):
        if rate.get(member):
            yield f"{name}: {member} is not enforced"
    if int(rate.get("Limit", 0)) < SMALLEST_LIMIT:
        yield f"{name}: Limit must be {SMALLEST_LIMIT} or more, got {rate.get('Limit')}"
    window = int(rate.get("EvaluationWindowSec", DEFAULT_WINDOW_SECONDS))
    if window not in WINDOWS_SECONDS:
        yield f"{name}: EvaluationWindowSec must be one of {WINDOWS_SECONDS}, got {window}"


def _action_faults(where: str, action: Json, allowed: Sequence[str]) -> Iterator[str]:
    if len(action) != 1 or not set(action) <= set(allowed):
        yield f"{where}: the action must be one of {', '.join(allowed)}, got {sorted(action)}"
    elif any((config or {}).get("CustomResponse") for config in action.values()):
        yield f"{where}: CustomResponse is not emulated"


class Firewall:
    """Counts requests by ACL, rule and client, and says which are blocked."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._seen: dict[tuple[str, str, str], deque[float]] = {}

    def blocks(self, acl: Json, client: str) -> bool:
        """Whether the ACL blocks this request of that client, which it counts."""
        blocked = False
        for rule in sorted(acl.get("Rules", []), key=lambda r: int(r["Priority"])):
            exceeded = self._exceeds(str(acl["ARN"]), rule, client)
            if exceeded and "Block" in rule["Action"]:
                blocked = True
                break
        return blocked or "Block" in acl.get("DefaultAction", {})

    def _exceeds(self, arn: str, rule: Json, client: str) -> bool:
        rate = rule["Statement"]["RateBasedStatement"]
        limit = int(rate["Limit"])
        window = int(rate.get("EvaluationWindowSec", DEFAULT_WINDOW_SECONDS))
        now = self._now()
        key = (arn, str(rule["Name"]), client)
        times = self._seen.setdefault(key, deque(maxlen=limit + 1))
        if times.maxlen != limit + 1:
            times = self._seen[key] = deque(times, maxlen=limit + 1)
        times.append(now)
        return len(times) > limit and times[0] > now - window
