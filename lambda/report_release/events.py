"""What the release machine ends with."""

from typing import Any

from tidegate.release import ReleaseRecord


def summary(record: ReleaseRecord) -> dict[str, Any]:
    """The release in a few members, for whoever started the machine and waits for its output."""
    verdict = record.verdict
    return {
        "release_id": record.release_id,
        "epoch": record.epoch,
        "next": "report",
        "wait_seconds": 0,
        "model": record.model,
        "phase": record.phase.value,
        "verdict": None if verdict is None else verdict.kind.value,
        "reason": "" if verdict is None else verdict.reason,
        "candidate_requests": 0 if verdict is None else verdict.candidate_requests,
    }
