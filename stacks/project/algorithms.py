"""SageMaker's built-in algorithms, one JSON file each in stacks/algorithms: data, read from files.

A file says what an algorithm takes and gives, by the pages of the developer guide that it names:
channels and content types, what is asked and answered when it is hosted, metrics, hyperparameters
with types, ranges, defaults and recommended ranges of tuning. A new algorithm is a new file.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from stacks.project.tables import IMAGES_FILE

ALGORITHMS = Path(__file__).parents[1] / "algorithms"
ALGORITHM_IMAGES_FILE = IMAGES_FILE.with_name("algorithm_images.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Numbers from `least` to `most`; None is no limit. Written as `[0, 1)`."""

    text: str
    least: float | None
    most: float | None
    with_least: bool
    with_most: bool

    @classmethod
    def of(cls, text: str) -> "Interval":
        """The interval that a text writes: a bracket takes its end in, a parenthesis does not."""
        low, _, high = text[1:-1].partition(",")
        return cls(
            text=text,
            least=float(low) if low.strip() else None,
            most=float(high) if high.strip() else None,
            with_least=text.startswith("["),
            with_most=text.endswith("]"),
        )

    def __contains__(self, value: float) -> bool:
        above = (
            self.least is None or value > self.least or (self.with_least and value == self.least)
        )
        below = self.most is None or value < self.most or (self.with_most and value == self.most)
        return above and below


@dataclass(frozen=True, slots=True, kw_only=True)
class Hyperparameter:
    """One hyperparameter: `kind` is int, float, choice, list or text."""

    name: str
    kind: str
    required: bool
    default: str | None
    interval: Interval | None
    values: tuple[str, ...]
    """Of a choice, and of the parts of a list."""
    words: tuple[str, ...]
    """Words that stand for a number, such as auto."""
    tunable: Interval | tuple[str, ...] | None
    """The range that the developer guide recommends for tuning; None where it is not tuned."""

    @property
    def allowed(self) -> str:
        """What it takes, in words."""
        if self.kind == "choice":
            return ", ".join(self.values)
        if self.kind == "list":
            return f"a list of {', '.join(self.values)}"
        if self.kind == "text" or self.interval is None:
            return "a text"
        noun = "an integer" if self.kind == "int" else "a number"
        named = [f"{noun} in {self.interval.text}", *self.words]
        return " or ".join(named)

    def fault(self, text: str) -> str | None:
        """What is wrong with a value; None if it is taken."""
        if self.kind == "text" or text in self.words or text in self.values:
            return None
        if self.kind == "list":
            return None if set(_listed(text)) <= set(self.values) else self._words(text)
        if self.kind == "choice" or self.interval is None:
            return self._words(text)
        number = number_of(text, whole=self.kind == "int")
        return None if number is not None and number in self.interval else self._words(text)

    def _words(self, text: str) -> str:
        return f"{self.name} is {text!r}, allowed: {self.allowed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel of training data: its content types, the default first."""

    content_types: tuple[str, ...]
    required: bool
    distribution: str
    """S3DataDistributionType that the algorithm asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Algorithm:
    """A built-in algorithm, as its pages of the developer guide tell of it."""

    name: str
    title: str
    source: str
    tuning_source: str | None
    needs_gpu: bool
    """Whether it trains on instances with GPUs only."""
    keeps_checkpoints: bool
    """Whether it goes on from a checkpoint when spot capacity was taken away."""
    channels: Mapping[str, Channel]
    requests: tuple[str, ...]
    """Content types that it is asked in when it is hosted, the default first."""
    answers: tuple[str, ...]
    metrics: Mapping[str, str]
    """Those that tuning may aim at, each with Minimize or Maximize."""
    hyperparameters: Mapping[str, Hyperparameter]


def number_of(text: str, *, whole: bool) -> float | None:
    """The number that a text writes; None if it writes none, or a fraction where it is `whole`."""
    try:
        return float(int(text)) if whole else float(text)
    except ValueError:
        return None


def algorithm_names() -> tuple[str, ...]:
    """Every built-in algorithm, by name."""
    return tuple(sorted(path.stem for path in ALGORITHMS.glob("*.json")))


@cache
def algorithm(name: str) -> Algorithm:
    """The algorithm of that name; FileNotFoundError for others."""
    raw = json.loads((ALGORITHMS / f"{name}.json").read_text(encoding="utf-8"))
    return Algorithm(
        name=name,
        title=raw["title"],
        source=raw["source"],
        tuning_source=raw.get("tuning_source"),
        needs_gpu=raw.get("trains_on") == "gpu",
        keeps_checkpoints=bool(raw.get("checkpoints", False)),
        channels={channel: _channel(each) for channel, each in raw["channels"].items()},
        requests=tuple(raw["requests"]),
        answers=tuple(raw["answers"]),
        metrics=raw["metrics"],
        hyperparameters={
            each: _hyperparameter(each, given) for each, given in raw["hyperparameters"].items()
        },
    )


@cache
def algorithm_images() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Algorithm, then version, then region, to the URI of its container."""
    table: dict[str, dict[str, dict[str, str]]] = json.loads(
        ALGORITHM_IMAGES_FILE.read_text(encoding="utf-8")
    )["images"]
    return table


def _channel(raw: Mapping[str, Any]) -> Channel:
    return Channel(
        content_types=tuple(raw["content_types"]),
        required=bool(raw.get("required", False)),
        distribution=raw.get("distribution", "FullyReplicated"),
    )


def _hyperparameter(name: str, raw: Mapping[str, Any]) -> Hyperparameter:
    tunable = raw.get("tunable")
    return Hyperparameter(
        name=name,
        kind=raw["type"],
        required=bool(raw.get("required", False)),
        default=raw.get("default"),
        interval=Interval.of(raw["range"]) if "range" in raw else None,
        values=tuple(raw.get("values", ())),
        words=tuple(raw.get("words", ())),
        tunable=Interval.of(tunable)
        if isinstance(tunable, str)
        else None
        if tunable is None
        else tuple(tunable),
    )


def _listed(text: str) -> list[str]:
    """The parts of a list, as JSON or with commas."""
    try:
        found = json.loads(text)
    except ValueError:
        found = text.split(",")
    return [str(each).strip() for each in found] if isinstance(found, list) else [text]
