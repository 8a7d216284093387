"""Reads a deployed project for many looks of many tabs, and asks the cloud no more than a watch.

What is read is kept for a moment: on AWS, looking costs. Judged looks never change, so only those
after the last one known are read again. It may change nothing.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from cli.console.attendance import Attendance
from cli.deployed import Deployed
from cli.overview import ModelStatus, model_statuses, past_releases
from tidegate.errors import NotFoundError
from tidegate.ports import EndpointState, Look
from tidegate.release import ReleaseRecord
from tidegate.strategies import Mechanism
from tidegate.view import ReleaseView, view_of

MOST_LOOKS = 240
"""Looks that are drawn: more are closer together than a line is wide."""

MOST_RELEASES = 10
"""Releases of each model in the overview; 'tidegate release list' has the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One release as it was found: its record and view, and what really serves.

    `serving` is None where an endpoint or a record of DNS is gone, `attended` false where no
    execution works on the release though it is not over. `looks` counts all, the view may have
    fewer.
    """

    record: ReleaseRecord
    view: ReleaseView
    serving: EndpointState | None
    attended: bool
    looks: int
    at: float

    @property
    def shares(self) -> dict[str, float]:
        """Slot to share in percent, as read back; empty where nothing tells the slots apart.

        While SageMaker moves traffic between fleets, both are of one variant.
        """
        by_fleets = self.record.plan.mechanism is Mechanism.GUARDRAIL
        return {} if self.serving is None or by_fleets else self.serving.shares()


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Every model, and the newest releases of each, newest first."""

    models: tuple[ModelStatus, ...]
    releases: tuple[ReleaseView, ...]


@dataclass(slots=True, kw_only=True)
class _Kept:
    """The last look at one release."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    seen: Seen | None = None
    until: float = 0.0
    looks: tuple[Look, ...] = ()
    attendance: Attendance = field(default_factory=Attendance)


class Reader:
    """Looks at one deployed project, from any thread. `now` is the wall's clock, in seconds."""

    def __init__(self, deployed: Deployed, *, now: Callable[[], float] = time.monotonic) -> None:
        self.deployed = deployed
        self._now = now
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}
        self._overview: tuple[float, Overview] | None = None

    @property
    def refresh_seconds(self) -> float:
        """How often it is worth to look."""
        return self.deployed.target.refresh_seconds

    def overview(self) -> Overview:
        """Every model and its newest releases, as of a moment ago at most."""
        with self._lock:
            if self._overview is None or self._now() >= self._overview[0]:
                found = self._read_overview()
                self._overview = (self._now() + self.refresh_seconds, found)
            return self._overview[1]

    def release(self, wanted: str) -> Seen:
        """A release by its id, or a model's newest one, as of a moment ago at most.

        CommandError lists the models there are where it is neither.
        """
        try:
            return self._look(wanted)
        except NotFoundError:
            return self._look(self.deployed.release_id(wanted))

    def _look(self, release_id: str) -> Seen:
        with self._lock:
            kept = self._kept.get(release_id, _Kept())
        with kept.lock:
            if kept.seen is None or self._now() >= kept.until:
                kept.seen = self._read(release_id, kept)
                # Half, so that of two looks one apart neither shows what the other one did.
                kept.until = self._now() + self.refresh_seconds / 2
            seen = kept.seen
        with self._lock:
            self._kept.setdefault(release_id, kept)
        return seen

    def forget(self, release_id: str) -> None:
        """The next look reads anew: something was just changed."""
        with self._lock:
            self._overview = None
            kept = self._kept.get(release_id, _Kept())
        with kept.lock:
            kept.seen = None

    def _read_overview(self) -> Overview:
        models = model_statuses(self.deployed)
        views = (
            v for m in models for v in past_releases(self.deployed, m.model, limit=MOST_RELEASES)
        )
        newest = sorted(views, key=lambda view: view.started_at, reverse=True)
        return Overview(models=models, releases=tuple(newest))

    def _read(self, release_id: str, kept: _Kept) -> Seen:
        deployed = self.deployed
        record = deployed.store.load(release_id)
        kept.looks = self._judged(release_id, kept.looks)
        view = view_of(
            record,
            looks=thinned(kept.looks),
            counters=deployed.counters.read(release_id),
            log=deployed.store.log(release_id),
        )
        return Seen(
            record=record,
            view=view,
            serving=self._serving(record),
            attended=kept.attendance.attended(deployed.executions, record),
            looks=len(kept.looks),
            at=deployed.target.clock.now(),
        )

    def _judged(self, release_id: str, known: tuple[Look, ...]) -> tuple[Look, ...]:
        last = known[-1].number if known else 0
        newer = self.deployed.looks.looks(release_id, after=last)
        # A view needs moment and verdict: what was observed is large, and stays where it is.
        judged = (replace(look, observations=(), given=()) for look in newer if look.verdict)
        return (*known, *judged)

    def _serving(self, record: ReleaseRecord) -> EndpointState | None:
        try:
            return self.deployed.traffic.read(record)
        except NotFoundError:
            return None


def thinned(looks: Sequence[Look], *, most: int = MOST_LOOKS) -> tuple[Look, ...]:
    """Every n-th look and the last one, n a power of two, so that what is drawn stays as it was."""
    every = 1
    while len(looks) > most * every:
        every *= 2
    return tuple(look for n, look in enumerate(looks, start=1) if n % every == 0 or n == len(looks))
