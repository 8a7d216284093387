"""Faults that an AI service is told to have: throttled calls, failed items, bad and late jobs."""

import math
import random
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

SHARES = ("throttled", "failed_items", "failed_jobs", "late_jobs", "repeated_news")


@dataclass(frozen=True, kw_only=True, slots=True)
class Faults:
    """Shares from 0 to 1, and the seed from which the faulty ones are drawn.

    `throttled` of the calls are refused with the service's throttling error; `failed_items` of the
    items in batches are in the answer's list of errors; `failed_jobs` of the jobs end as failed;
    `late_jobs` of them take `late_seconds` longer, of the cloud's clock; of the end of
    `repeated_news` of them is told twice. ValueError names every value that is wrong.
    """

    throttled: float = 0.0
    failed_items: float = 0.0
    failed_jobs: float = 0.0
    late_jobs: float = 0.0
    late_seconds: float = 600.0
    repeated_news: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what is no share, all faults at once."""
        wrong = [
            f"{name} must be a share from 0 to 1, got {getattr(self, name)!r}"
            for name in SHARES
            if not (_is_number(getattr(self, name)) and 0 <= getattr(self, name) <= 1)
        ]
        late = self.late_seconds
        if not (_is_number(late) and math.isfinite(late) and late >= 0):
            wrong.append(f"late_seconds must be seconds, 0 or more, got {late!r}")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int):
            wrong.append(f"seed must be an integer, got {self.seed!r}")
        if wrong:
            raise ValueError("; ".join(wrong))

    @classmethod
    def of_json(cls, given: Mapping[str, Any]) -> "Faults":
        """The faults that the control interface was told; ValueError says what is wrong."""
        allowed = tuple(asdict(cls()))
        unknown = sorted(set(given) - set(allowed))
        if unknown:
            raise ValueError(f"unknown: {', '.join(unknown)}; allowed: {', '.join(allowed)}")
        return cls(**given)

    def to_json(self) -> dict[str, Any]:
        """What `of_json` takes."""
        return asdict(self)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fate:
    """What becomes of one job."""

    late_seconds: float = 0.0
    fails: bool = False
    told_twice: bool = False


class FaultSource:
    """Draws the faults of one service; calls and items are counted since they were last set."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.set(Faults())

    def set(self, faults: Faults) -> None:
        """From the next call on these faults are drawn, from the start of their seed."""
        with self._lock:
            self._faults = faults
            # One stream each, so that the items of a batch don't change which calls are throttled.
            self._draws = {name: random.Random(f"{faults.seed} {name}") for name in SHARES}  # noqa: S311 - no secret
            self._counts = {
                f"{name}{suffix}": 0 for name in SHARES for suffix in ("_asked", "_drawn")
            }

    def throttles(self) -> bool:
        """Whether this call is refused."""
        return self._drawn("throttled")

    def fails_item(self) -> bool:
        """Whether this item of a batch fails."""
        return self._drawn("failed_items")

    def fate(self) -> Fate:
        """What becomes of this job."""
        return Fate(
            late_seconds=self._faults.late_seconds if self._drawn("late_jobs") else 0.0,
            fails=self._drawn("failed_jobs"),
            told_twice=self._drawn("repeated_news"),
        )

    def to_json(self) -> dict[str, Any]:
        """The faults, and how many calls, items and jobs were asked about and drawn."""
        with self._lock:
            counts = self._counts
            return {
                **self._faults.to_json(),
                "calls": counts["throttled_asked"],
                "throttled_calls": counts["throttled_drawn"],
                "items": counts["failed_items_asked"],
                "failed_item_count": counts["failed_items_drawn"],
                "jobs": counts["failed_jobs_asked"],
                "failed_job_count": counts["failed_jobs_drawn"],
                "late_job_count": counts["late_jobs_drawn"],
                "repeated_news_count": counts["repeated_news_drawn"],
            }

    def _drawn(self, name: str) -> bool:
        with self._lock:
            share: float = getattr(self._faults, name)
            drawn = self._draws[name].random() < share
            self._counts[f"{name}_asked"] += 1
            self._counts[f"{name}_drawn"] += drawn
            return drawn
