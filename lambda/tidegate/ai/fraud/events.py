"""Events: what is told of one, and its values in their types."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from tidegate.ai.fraud.rules import NUMBER, TICK
from tidegate.ai.fraud.settings import FraudSettings, Variable
from tidegate.ai.limits import Matches, shown
from tidegate.ai.problems import invalid

EVENT = Matches(
    pattern="[0-9a-z_-]{1,64}", words="1 to 64 small letters, digits, hyphens, underscores"
)
_MOST_CHARACTERS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that may be fraud; the same event again has the same decision."""

    event: Annotated[str, "The event's id, of the caller's own.", EVENT]
    variables: Annotated[Mapping[str, Any], "What is known of it, by the settings' variables."]
    customer: Annotated[
        str,
        "Who did it, by an id of the caller's own.",
        Matches(pattern="[0-9A-Za-z_.@+-]{1,256}", words="letters, digits and _.@+-"),
    ] = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What later became known of an event."""

    label: str
    at: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An event as it is stored: what was decided, by which rule, and what became of it."""

    event: str
    customer: str
    digest: str
    decision: str
    rule: str
    at: float
    values: Mapping[str, Any]
    score: float | None = None
    without_score: bool = False
    labels: tuple[Label, ...] = field(default_factory=tuple)
    revision: int = 0

    @property
    def label(self) -> str | None:
        """What is known of it now."""
        return self.labels[-1].label if self.labels else None


def values_of(event: Event, settings: FraudSettings) -> Mapping[str, Any]:
    """The values of all variables in their types; ProblemError with every fault."""
    faults = [
        f"variables.{name} is unknown: {', '.join(sorted(settings.variables))} are known"
        for name in event.variables
        if name not in settings.variables
    ]
    values: dict[str, Any] = {}
    for name, variable in settings.variables.items():
        given = event.variables.get(name)
        if given is None and variable.required:
            faults.append(f"variables.{name} is missing")
        elif given is None:
            values[name] = default_of(variable)
        elif not _is_of(variable, given):
            faults.append(f"variables.{name} is {shown(given)}, must be a {variable.type}")
        else:
            values[name] = float(given) if variable.type == NUMBER else given
    if faults:
        raise invalid(faults)
    return values


def default_of(variable: Variable) -> Any:
    """What counts where an event does not tell the variable."""
    text = "" if variable.default is None else variable.default
    if variable.type == NUMBER:
        return float(text or 0)
    return text == "true" if variable.type == TICK else text


def _is_of(variable: Variable, given: Any) -> bool:
    if variable.type == TICK:
        return isinstance(given, bool)
    if variable.type == NUMBER:
        number = isinstance(given, int | float) and not isinstance(given, bool)
        return number and abs(given) < 1e15
    return isinstance(given, str) and 1 <= len(given) <= _MOST_CHARACTERS


def digest_of(event: Event, values: Mapping[str, Any]) -> str:
    """What two tellings of one event have in common."""
    told = json.dumps([event.customer, values], sort_keys=True)
    return hashlib.sha256(told.encode(errors="surrogatepass")).hexdigest()


def row_of(values: Mapping[str, Any], settings: FraudSettings) -> str:
    """The row of CSV that the model is sent."""
    sink = io.StringIO()
    csv.writer(sink, lineterminator="").writerow(_cells(values, settings))
    return sink.getvalue()


def _cells(values: Mapping[str, Any], settings: FraudSettings) -> Iterator[Any]:
    for name in settings.features:
        value = values[name]
        yield int(value) if isinstance(value, bool) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Asks about an event."""

    event: Annotated[str, "The event's id.", EVENT]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is decided. `rule` is the line of the file; `score` is the model's."""

    event: str
    decision: str
    rule: str
    score: float | None = None
    without_score: Annotated[bool, "Whether the model did not answer."] = False
    label: Annotated[str | None, "fraud or legit, once that is known."] = None


def decision_of(judged: Judged) -> Decision:
    """What callers are told."""
    return Decision(
        event=judged.event,
        decision=judged.decision,
        rule=judged.rule,
        score=judged.score,
        without_score=judged.without_score,
        label=judged.label,
    )
