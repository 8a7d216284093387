"""What tests of the monitor are made of: small baselines, windows, stores in memory."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tidegate.errors import ConflictError
from tidegate.metrics import Metric
from tidegate.monitoring.advance import Watched
from tidegate.monitoring.baseline import Baseline, FeatureBaseline
from tidegate.monitoring.bins import Bins, Kind
from tidegate.monitoring.counts import FeatureCounts, Window
from tidegate.monitoring.hypotheses import hypotheses_of
from tidegate.monitoring.look import CaptureFile, Stored
from tidegate.monitoring.plan import MonitoringPlan
from tidegate.monitoring.state import MonitorState

DAY = 86_400
EDGES = (10.0, 20.0, 30.0)
ROWS = 100_000


def number(rows: int = ROWS) -> FeatureBaseline:
    """A number in four bins of equal share."""
    bins = Bins(kind=Kind.NUMBER, edges=EDGES, low=0.0, high=40.0)
    return FeatureBaseline(bins=bins, cells=(FeatureCounts(bins=[rows / 4] * 4),))


def baseline(*names: str, rows: int = ROWS) -> Baseline:
    """Such numbers by these names."""
    return Baseline(features={name: number(rows) for name in names}, rows=rows, placing_rows=1)


def watched(plan: MonitoringPlan, made: Baseline) -> Watched:
    """What a monitor of the plan and the baseline watches."""
    return Watched(plan=plan, baseline=made, hypotheses=hypotheses_of(plan, made))


def window(index: int, **bins: Sequence[float]) -> Window:
    """A window with these counts of each feature."""
    features = {name: FeatureCounts(bins=list(counts)) for name, counts in bins.items()}
    return Window(index=index, requests=int(sum(next(iter(bins.values())))), features=features)


def captured(request: Any, answer: Any, *, at: str = "2026-01-05T10:00:00Z") -> str:
    """A line of a capture file."""
    halves = {
        "endpointInput": {"data": json.dumps(request), "encoding": "JSON"},
        "endpointOutput": {"data": json.dumps(answer), "encoding": "JSON"},
    }
    return json.dumps({"captureData": halves, "eventMetadata": {"inferenceTime": at}})


class Killed(BaseException):
    """The process dies here; no handler of errors sees it."""


@dataclass(slots=True)
class MemoryStore:
    """Port `MonitorStore`: kept as text, as in S3. `dies` counts writes down to a death after."""

    text: str | None = None
    version: int = 0
    writes: int = 0
    dies_before: int | None = None
    dies_after: int | None = None

    def read(self) -> Stored | None:
        """The newest state."""
        if self.text is None:
            return None
        state = MonitorState.from_json(json.loads(self.text))
        return Stored(state=state, mark=str(self.version))

    def write(self, stored: Stored) -> Stored:
        """The state is the newest; ConflictError where another was written since."""
        self.writes += 1
        if self.writes == self.dies_before:
            raise Killed
        expected = None if self.text is None else str(self.version)
        if stored.mark != expected:
            raise ConflictError("another run wrote the state")
        self.text = json.dumps(stored.state.to_json())
        self.version += 1
        if self.writes == self.dies_after:
            raise Killed
        return Stored(state=stored.state, mark=str(self.version))


@dataclass(slots=True)
class MemoryFiles:
    """Port `CaptureFiles`: lines by hour and key."""

    lines_of: dict[tuple[int, str], list[str]] = field(default_factory=dict)

    def between(self, *, first_hour: int, last_hour: int) -> Iterable[CaptureFile]:
        """Those of these hours."""
        for hour, key in sorted(self.lines_of):
            if first_hour <= hour <= last_hour:
                yield CaptureFile(hour=hour, key=key)

    def lines(self, file: CaptureFile) -> Iterator[str]:
        """The lines of one."""
        return iter(self.lines_of[file.hour, file.key])


@dataclass(slots=True)
class MemoryTeller:
    """Port `Teller`: everything that was told."""

    views: list[Mapping[str, Any]] = field(default_factory=list)
    metrics: list[Metric] = field(default_factory=list)
    events: list[Mapping[str, Any]] = field(default_factory=list)
    dies: bool = False

    def keep(self, view: dict[str, Any]) -> None:
        """The view is kept."""
        self.views.append(view)

    def measure(self, metric: Metric) -> None:
        """The metric is kept."""
        self.metrics.append(metric)

    def announce(self, detail: dict[str, Any]) -> None:
        """The event is kept."""
        if self.dies:
            raise Killed
        self.events.append(detail)
