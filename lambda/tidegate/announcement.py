"""Announcements: what a person reads of each change of a release, and what programs do.

Made of a line of the release's log and its record. The line says what changed, from which shares to
which, why and who did it; the record has the versions and the evidence as it is known by then.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.arms.standing import ArmStanding
from tidegate.metrics import Metric
from tidegate.release import LogEntry, Phase, ReleaseRecord
from tidegate.verdict import Evidence
from tidegate.words import percent, thousands

LONGEST_SUBJECT = 100
"""What SNS takes: up to 100 printable ASCII characters (API reference, Publish)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """The project and stage that are announced, and where people look further."""

    project: str
    stage: str
    dashboard_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """One change of a release's state. `id` is the same whenever it is announced again."""

    id: str
    subject: str
    text: str
    detail: Mapping[str, Any]


def announcement_of(
    record: ReleaseRecord, entry: LogEntry, *, sequence: str, where: Where
) -> Announcement:
    """What is told of a line of a release's log."""
    return Announcement(
        id=f"{record.release_id}/{sequence}",
        subject=_subject(record, entry, where),
        text="\n".join(_lines(record, entry, where)) + "\n",
        detail=_detail(record, entry, sequence, where),
    )


def _subject(record: ReleaseRecord, entry: LogEntry, where: Where) -> str:
    slot = record.candidate.slot.value
    shares = f"{entry.before.get(slot, 0)} % -> {entry.after.get(slot, 0)} %"
    version = record.candidate.version.label
    text = f"[{where.project}-{where.stage}] {record.model} {version}: {entry.what}, {shares}"
    plain = "".join(c if " " <= c <= "~" else "?" for c in text)
    return plain if len(plain) <= LONGEST_SUBJECT else f"{plain[: LONGEST_SUBJECT - 3]}..."


def _lines(record: ReleaseRecord, entry: LogEntry, where: Where) -> Iterator[str]:
    yield f"Release {record.release_id} of {record.model}, stage {where.stage} of {where.project}"
    yield ""
    yield f"What:     {entry.what}"
    for held in (*record.challengers, record.live):
        slot = held.slot.value
        moved = f"{entry.before.get(slot, 0)} % -> {entry.after.get(slot, 0)} %"
        yield f"          {held.version.label} in {slot}: {moved}"
    yield f"Why:      {entry.why}"
    yield f"Who:      {entry.who}"
    yield f"When:     {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(entry.at))} UTC"
    yield from _evidence_lines(record)
    yield ""
    yield f"Look:     tidegate release watch {record.release_id} --on aws"
    yield f"          {where.dashboard_url}"


def _evidence_lines(record: ReleaseRecord) -> Iterator[str]:
    verdict = record.verdict
    if verdict is None:
        yield "Evidence: no interval was judged yet"
        return
    served = thousands(verdict.candidate_requests)
    who = "the candidate" if verdict.ab_test is None else "the challengers"
    yield f"Evidence: after look {record.looks}, {who} served {served} requests"
    yield from _arm_lines(record)
    for item in verdict.evidence:
        rates = f"live {percent(item.live_rate)}, candidate {percent(item.candidate_rate)}"
        yield f"          {item.metric} {item.claim.value}: {progress_percent(item)} %; {rates}"


def _arm_lines(record: ReleaseRecord) -> Iterator[str]:
    """Of an A/B test: how each challenger stands; guardrails that follow are of the leading one."""
    standing = None if record.verdict is None else record.verdict.ab_test
    if standing is None:
        return
    for arm in standing.arms:
        beaten = f", {arm_percent(arm)} % of what proves it better" if arm.guard else " (control)"
        out = "" if arm.out is None else f"; out: {arm.out}"
        yield f"          {arm.slot}: {percent(arm.rate)} of {thousands(arm.trials)}{beaten}{out}"
    if standing.leader is not None:
        yield f"Guarded:  {standing.leader}"


def arm_percent(arm: ArmStanding) -> int:
    """How much of what would prove this arm better than the control is there, from 0 to 100."""
    return max(0, min(100, int(100 * arm.progress)))


def progress_percent(evidence: Evidence) -> int:
    """How much of the evidence that would prove the claim is there, from 0 to 100."""
    if evidence.reached:
        return 100
    if evidence.log_limit <= 0:
        return 0
    return max(0, min(99, int(100 * evidence.log_evidence / evidence.log_limit)))


def _detail(
    record: ReleaseRecord, entry: LogEntry, sequence: str, where: Where
) -> Mapping[str, Any]:
    verdict = record.verdict
    return {
        "id": f"{record.release_id}/{sequence}",
        "project": where.project,
        "stage": where.stage,
        "release_id": record.release_id,
        "model": record.model,
        "phase": record.phase.value,
        "live": _held(record.live),
        "candidate": _held(record.candidate),
        **({"arms": [_held(held) for held in record.arms]} if record.arms else {}),
        "started_at": record.started_at,
        "finished_at": record.finished_at,
        "looks": record.looks,
        "verdict": None if verdict is None else verdict.to_json(),
        **entry.to_json(),
    }


def _held(held: Any) -> dict[str, str]:
    version = held.version
    return {"slot": held.slot.value, "version": version.digest, "label": version.label}


SHARE, EXPOSURE, VERDICTS = "SharePercent", "CandidateRequests", "Verdicts"
EVIDENCE, PROMOTED = "EvidencePercent", "Promoted"
RELEASE_SECONDS, RESTORE_SECONDS = "ReleaseSeconds", "RestoreSeconds"
MODEL, SLOT, CLAIM, VERDICT = "Model", "Slot", "Claim", "Verdict"


def metrics_of(record: ReleaseRecord) -> tuple[Metric, ...]:
    """What the dashboard shows of a record that was written: of shares, evidence and its end."""
    return (*_shares(record), *_verdict(record), *_end(record))


def _shares(record: ReleaseRecord) -> Iterator[Metric]:
    for slot, share in record.target_shares.items():
        yield _metric(record, {SLOT: slot}, {SHARE: float(share)}, {SHARE: "Percent"})


def _verdict(record: ReleaseRecord) -> Iterator[Metric]:
    verdict = record.verdict
    if verdict is None:
        return
    yield _metric(record, {}, {EXPOSURE: float(verdict.candidate_requests)})
    yield _metric(record, {VERDICT: verdict.kind.value}, {VERDICTS: 1.0})
    for arm in () if verdict.ab_test is None else verdict.ab_test.arms[1:]:
        better = {CLAIM: f"{arm.slot} better"}
        yield _metric(record, better, {EVIDENCE: float(arm_percent(arm))}, {EVIDENCE: "Percent"})
    for item in verdict.evidence:
        claim = f"{item.metric} {item.claim.value}"
        progress = float(progress_percent(item))
        yield _metric(record, {CLAIM: claim}, {EVIDENCE: progress}, {EVIDENCE: "Percent"})


def _end(record: ReleaseRecord) -> Iterator[Metric]:
    if not record.phase.terminal:
        return
    values = {PROMOTED: 1.0 if record.phase is Phase.PROMOTED else 0.0}
    units = {}
    if record.finished_at is not None:
        values[RELEASE_SECONDS] = record.finished_at - record.started_at
        units[RELEASE_SECONDS] = "Seconds"
    if record.restored_at is not None and record.decided_at is not None:
        values[RESTORE_SECONDS] = max(0.0, record.restored_at - record.decided_at)
        units[RESTORE_SECONDS] = "Seconds"
    yield _metric(record, {}, values, units)


def _metric(
    record: ReleaseRecord,
    about: Mapping[str, str],
    values: Mapping[str, float],
    units: Mapping[str, str] | None = None,
) -> Metric:
    return Metric(
        dimensions={MODEL: record.model, **about},
        values=values,
        units={} if units is None else units,
    )
