"""The watch over a deploy: read, judge, publish; SageMaker and CloudFormation do the rest.

It moves no traffic. It tells of harm by the alarm's metric as long as the update is under way, and
of none otherwise; it ends with the operation of CloudFormation that it watches.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tidegate.guardrail.echoes import Told
from tidegate.guardrail.fleets import Fleet
from tidegate.guardrail.gate import close
from tidegate.guardrail.limits import BASELINE_SECONDS
from tidegate.guardrail.ports import UPDATING, Deployment, Ports
from tidegate.guardrail.quiet import QUIET_SECONDS
from tidegate.guardrail.settle import SAGEMAKER, VARIANT, again, entry_of
from tidegate.guardrail.verdicts import FleetEvidence, judge_fleets
from tidegate.intervals import INTERVAL_SECONDS, interval_of, last_closed
from tidegate.release import LogEntry, Phase, ReleaseRecord
from tidegate.verdict import Verdict, VerdictKind

JUDGE = "judge"
LOOK_SECONDS = 15
PULSE_SECONDS = 5
"""How often harm is told until SageMaker is seen to roll back: the alarm's period is ten."""

_EVERYTHING = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchInput:
    """The release that is watched, and the stack whose operation it is."""

    release_id: str
    stack_id: str

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "WatchInput":
        """The input in a task's event."""
        return cls(release_id=data["release_id"], stack_id=data["stack_id"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What a look came to: whether the release is over, else when to look again."""

    over: bool
    wait_seconds: int = 0


def watch(ports: Ports, task: WatchInput) -> Watched:
    """One look: the record has the verdict, and the alarm's metric says what it says."""
    return again(lambda: _watch(ports, task))


def _watch(ports: Ports, task: WatchInput) -> Watched:
    record = ports.store.load(task.release_id)
    if not record.phase.terminal:
        over = not ports.stacks.status(task.stack_id).endswith("_IN_PROGRESS")
        state = ports.deployments.read(record.endpoint_name)
        record = _looked(ports, record, state)
        if over and state.settled:
            record = close(ports, record, state)
    if record.phase.terminal:
        return _quieted(ports, record)
    harm = _harmful(record)
    ports.alarm.publish(record.endpoint_name, harm=harm and _arriving(record, state))
    return Watched(over=False, wait_seconds=PULSE_SECONDS if harm else LOOK_SECONDS)


def _quieted(ports: Ports, record: ReleaseRecord) -> Watched:
    """The watch ends with the alarm out of ALARM, or a minute after the release."""
    ports.alarm.publish(record.endpoint_name, harm=False)
    ended = record.finished_at
    late = ended is None or ports.clock.now() - ended >= QUIET_SECONDS
    if late or not ports.alarm.firing(record.endpoint_name):
        return Watched(over=True)
    return Watched(over=False, wait_seconds=PULSE_SECONDS)


def _arriving(record: ReleaseRecord, state: Deployment) -> bool:
    """Whether an update brings the new fleet; one back to the old one must never be stopped."""
    pending = state.pending_config
    return state.status == UPDATING and pending not in {None, record.endpoint_config_name}


def _harmful(record: ReleaseRecord) -> bool:
    """Whether SageMaker is to take the new fleet back."""
    return record.phase in {Phase.RESTORING, Phase.ABORTING} or record.halted is not None


def _looked(ports: Ports, record: ReleaseRecord, state: Deployment) -> ReleaseRecord:
    """The record with what this look saw, stored if it is new; ConflictError is tried again."""
    seen, entries = _seen(ports, record, state)
    return record if seen == record else ports.store.save(seen, entries)


def _seen(
    ports: Ports, record: ReleaseRecord, state: Deployment
) -> tuple[ReleaseRecord, list[LogEntry]]:
    now = ports.clock.now()
    entries: list[LogEntry] = []
    verdict = _verdict(ports, record, state, now=now)
    seen = record if verdict is None else replace(record, verdict=verdict, looks=record.looks + 1)
    seen = _shifted(seen, state, entries, now=now)
    harm = verdict is not None and verdict.kind is VerdictKind.ROLL_BACK
    if harm and verdict is not None and not _harmful(seen):
        turned = replace(seen, phase=Phase.RESTORING, decided_at=now)
        why = verdict.reason
        entries.append(entry_of(seen, turned, what="roll back", why=why, at=now, who=JUDGE))
        seen = turned
    if _harmful(seen) and seen.restored_at is None and _is_back(seen, state):
        seen = replace(seen, restored_at=now)
    return seen, entries


def _is_back(record: ReleaseRecord, state: Deployment) -> bool:
    return state.settled and state.config_name == record.endpoint_config_name


def _verdict(
    ports: Ports, record: ReleaseRecord, state: Deployment, *, now: float
) -> Verdict | None:
    """The judge's word on the new fleet; None while there is none, or once it has spoken."""
    config = state.pending_config
    if config is None and state.config_name != record.endpoint_config_name:
        config = state.config_name
    if config is None or _harmful(record):
        return None
    first, newest = interval_of(record.started_at), interval_of(now)
    before = first - BASELINE_SECONDS // INTERVAL_SECONDS
    live = ports.metrics.read(
        _fleet(record, record.endpoint_config_name), from_interval=before, through=newest
    )
    candidate = ports.metrics.read(_fleet(record, config), from_interval=first, through=newest)
    closed = last_closed(now, lag_seconds=record.plan.lag_seconds)
    evidence = FleetEvidence(
        baseline=tuple(item for item in live if item.interval < first),
        live=tuple(item for item in live if item.interval >= first),
        candidate=candidate,
        closed=closed,
        told=_told(ports, record, closed=closed),
    )
    return judge_fleets(record.plan, evidence)


def _told(ports: Ports, record: ReleaseRecord, *, closed: int) -> Told | None:
    """What the request log says of each version; None where no answer names its version."""
    if not record.plan.echoes_version:
        return None
    return Told(counters=ports.counters().read(record.release_id), closed=closed)


def _fleet(record: ReleaseRecord, config_name: str) -> Fleet:
    return Fleet(endpoint_name=record.endpoint_name, variant=VARIANT.value, config_name=config_name)


def _shifted(
    record: ReleaseRecord, state: Deployment, entries: list[LogEntry], *, now: float
) -> ReleaseRecord:
    """The record in the step that SageMaker has reached, with a line of the log where it moved."""
    if _harmful(record) or not _arriving(record, state):
        return record
    steps = record.plan.steps
    reached = [n for n, step in enumerate(steps) if step.share_percent <= state.pending_percent]
    if not reached:
        return record
    phase = Phase.PROMOTING if state.pending_percent >= _EVERYTHING else Phase.BAKING
    if (phase, reached[-1]) == (record.phase, record.step):
        return record
    moved = replace(record, phase=phase, step=reached[-1], step_started_at=now)
    why = f"{state.pending_percent} % of the traffic is on {state.pending_config}"
    entries.append(entry_of(record, moved, what="shift", why=why, at=now, who=SAGEMAKER))
    return moved
