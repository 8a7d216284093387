"""Items, answers and annotators, and what each step makes of them. Nothing here knows of time."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from tidegate.ai.labelling.labels import Label


class State(StrEnum):
    """Where an item is.

    `undecided` has no label that enough agree on, `unusable` was given back by as many people as
    were to label it.
    """

    OPEN = "open"
    ADJUDICATE = "adjudicate"
    DONE = "done"
    UNDECIDED = "undecided"
    UNUSABLE = "unusable"


WANTED = (State.ADJUDICATE, State.OPEN)
"""States in which an item waits for people, those first that hold others up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a person says of an item; `decides` where others disagreed and this one decided."""

    person: str
    label: Label
    at: float
    decides: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """An item is a person's until then, in epoch seconds."""

    person: str
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What a model said, with its signed id and confidence; `told` once its outcome was."""

    id: str
    label: str
    confidence: float
    told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something to label: a text, or an image with its size in pixels.

    `line` has what else stood in the manifest. `label` is there once the state is done.
    """

    id: str
    source: str
    came_at: float
    state: State = State.OPEN
    width: int | None = None
    height: int | None = None
    line: Mapping[str, Any] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()
    skipped: tuple[str, ...] = ()
    leases: tuple[Lease, ...] = ()
    label: Label | None = None
    decided_at: float | None = None
    prediction: Prediction | None = None
    revision: int = 0

    @property
    def is_wanted(self) -> bool:
        """Whether it waits for people."""
        return self.state in WANTED

    @property
    def votes(self) -> tuple[Answer, ...]:
        """The answers that were given without the others."""
        return tuple(answer for answer in self.answers if not answer.decides)

    def answer_of(self, person: str) -> Answer | None:
        """What that person said."""
        return next((answer for answer in self.answers if answer.person == person), None)

    def changed(self, **changes: Any) -> "Item":
        """The item with these changes, as the next revision."""
        return replace(self, revision=self.revision + 1, **changes)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Item":
        """The item that was kept so (`tidegate.ai.typed.to_json`)."""
        prediction = told.get("prediction")
        return cls(
            **{
                **told,
                "state": State(told["state"]),
                "answers": tuple(_answer(one) for one in told["answers"]),
                "skipped": tuple(told["skipped"]),
                "leases": tuple(Lease(**one) for one in told["leases"]),
                "label": Label.of(told["label"]) if "label" in told else None,
                "prediction": None if prediction is None else Prediction(**prediction),
            }
        )


def _answer(told: Mapping[str, Any]) -> Answer:
    return Answer(**{**told, "label": Label.of(told["label"])})


class Standing(StrEnum):
    """Whether a person's labels count."""

    WORKING = "working"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotator:
    """A person: what they were given, what they labelled, and what they said to gold questions.

    `gold` says of each question whether the answer was right, `passed` are those that were given
    back. `holds` is the item that is theirs now. `set_aside` says how many labels were, once all
    were.
    """

    id: str
    name: str
    since: float
    given: int = 0
    labelled: int = 0
    passed: tuple[str, ...] = ()
    gold: Mapping[str, bool] = field(default_factory=dict)
    holds: str | None = None
    holds_until: float = 0.0
    standing: Standing = Standing.WORKING
    stopped_at: float | None = None
    set_aside: int | None = None
    revision: int = 0

    @property
    def right(self) -> int:
        """How many gold questions were answered right."""
        return sum(self.gold.values())

    def changed(self, **changes: Any) -> "Annotator":
        """The person with these changes, as the next revision."""
        return replace(self, revision=self.revision + 1, **changes)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Annotator":
        """The person that was kept so."""
        return cls(
            **{**told, "passed": tuple(told["passed"]), "standing": Standing(told["standing"])}
        )
