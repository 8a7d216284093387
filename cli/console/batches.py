"""Reads the runs of a project's batches for many looks of many tabs; it may change nothing."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cli.batches import Batch, find_batch
from cli.exits import CommandError, Exit
from cli.options import Place
from tidegate.batch.run import RunRecord, Status
from tidegate.batch.units import Keys

MOST_RUNS = 10
"""Runs of each batch in the overview; 'tidegate batch status --run' finds the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRun:
    """A run as it was found; `seconds` it took, or has taken so far, on the cloud's clock.

    `stalled` is whether no execution works on it though it is not over.
    """

    model: str
    record: RunRecord
    seconds: float
    stalled: bool

    @property
    def standing(self) -> str:
        """How it stands, in a word or two."""
        told = "stalled" if self.stalled else self.record.status.value
        return told if self.record.purpose.value == "serve" else f"{told} (comparison)"

    @property
    def tone(self) -> str:
        """What the colour of it says: good, bad, wait or open."""
        return "bad" if self.stalled else _TONES.get(self.record.status, "bad")


_TONES = {Status.DONE: "good", Status.RUNNING: "open", Status.REFUSED: "wait"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenReport:
    """A run with its report, which is None while it is not over, and the faults of its input."""

    run: SeenRun
    report: Mapping[str, Any] | None
    faults: Mapping[str, Any] | None
    results: str
    failed: str


class BatchReader:
    """Looks at the batches that `find` gives, from any thread.

    `cloud_now` is the cloud's clock, `now` the wall's, both in seconds.
    """

    def __init__(
        self,
        find: Callable[[], Iterable[Batch]],
        *,
        cloud_now: Callable[[], float],
        refresh_seconds: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find = find
        self._cloud_now = cloud_now
        self._refresh_seconds = refresh_seconds
        self._now = now
        self._lock = threading.Lock()
        self._kept: tuple[float, tuple[SeenRun, ...]] | None = None

    @classmethod
    def of(cls, where: Place) -> "BatchReader":
        """The batches of the project file that are deployed."""

        def find() -> Iterable[Batch]:
            found = (find_batch(where, model) for model in where.project.batches)
            return [batch for batch in found if batch is not None]

        target = where.target
        return cls(find, cloud_now=target.clock.now, refresh_seconds=target.refresh_seconds)

    def runs(self) -> tuple[SeenRun, ...]:
        """The newest runs of each batch, the newest first, as of a moment ago at most."""
        with self._lock:
            if self._kept is None or self._now() >= self._kept[0]:
                runs = (
                    self._seen(batch, record)
                    for batch in self._find()
                    for record in batch.runs.newest(MOST_RUNS)
                )
                newest = sorted(runs, key=lambda run: run.record.started_at, reverse=True)
                self._kept = (self._now() + self._refresh_seconds, tuple(newest))
            return self._kept[1]

    def report(self, model: str, run: str) -> SeenReport:
        """A run with its report; CommandError where there is no such batch or run."""
        batches = {batch.model: batch for batch in self._find()}
        if model not in batches:
            known = ", ".join(batches) or "none"
            raise CommandError(
                f"no batch of {model} is deployed; deployed: {known}", code=Exit.USAGE
            )
        batch = batches[model]
        record = batch.known(run)
        keys = Keys(run=record.run, purpose=record.purpose.value)
        refused = record.status is Status.REFUSED
        return SeenReport(
            run=self._seen(batch, record),
            report=batch.document(keys.report) if record.status.over else None,
            faults=batch.document(keys.faults) if refused else None,
            results=f"s3://{batch.bucket}/{keys.results}",
            failed=f"s3://{batch.bucket}/failed/{record.run}/",
        )

    def _seen(self, batch: Batch, record: RunRecord) -> SeenRun:
        ended = self._cloud_now() if record.ended_at is None else record.ended_at
        return SeenRun(
            model=batch.model,
            record=record,
            seconds=max(0.0, ended - record.started_at),
            stalled=batch.stalled(record),
        )


NO_BATCHES = BatchReader(tuple, cloud_now=time.time, refresh_seconds=0.0)
"""Of a project without batches."""
