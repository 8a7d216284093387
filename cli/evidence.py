"""What an approver should know: the release in staging, the cost, what a deploy would change.

Nothing is left out silently: what was not measured, or is not known, says so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.outlook.course import planned_course
from cli.outlook.figures import HOURS_A_MONTH, outlook_of
from cli.plans import project_plans, read_agreed
from cli.templatediff import StackDiff
from tidegate.view import ReleaseView

MOST_SUMMARY = 900
"""An action's configuration takes 1000 characters (CodePipeline API, ActionConfigurationValue)."""

_MOST_NAMED = 3
NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a model's standing instances cost a month in production; None where no price is known.

    `release_usd` is what the instances that a release adds cost, at least and at most.
    """

    model: str
    monthly_usd: float | None
    release_usd: tuple[float, float] | None

    def to_json(self) -> dict[str, Any]:
        """The cost in JSON types."""
        return {
            "model": self.model,
            "monthly_usd": self.monthly_usd,
            "release_usd": None if self.release_usd is None else list(self.release_usd),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All of it. `releases` are the newest ones in staging, one a model that has had one."""

    releases: tuple[ReleaseView, ...]
    costs: tuple[Cost, ...]
    diffs: tuple[StackDiff, ...]
    drift: str = NOT_MEASURED

    def summary(self) -> str:
        """The message of the approval: whole sentences, as many as fit."""
        lines = [*self._verdicts(), f"drift: {self.drift}", *self._costs(), *self._changes()]
        told = ""
        for line in lines:
            longer = f"{told}{line}. " if told else f"{line}. "
            if len(longer) > MOST_SUMMARY:
                return f"{told}More in the log of this build."
            told = longer
        return told.strip()

    def page(self) -> str:
        """All of it as a page of Markdown."""
        parts = [
            "# Evidence",
            "## Releases in staging",
            *(f"- {line}" for line in self._verdicts()),
            "## Drift",
            self.drift,
            "## Cost in production",
            *(f"- {line}" for line in self._costs()),
            "## What the deploy would change",
            *(f"- {line}" for line in self._every_change()),
        ]
        return "\n\n".join(parts) + "\n"

    def to_json(self) -> dict[str, Any]:
        """The evidence in JSON types."""
        return {
            "summary": self.summary(),
            "releases": [view.to_json() for view in self.releases],
            "drift": self.drift,
            "costs": [cost.to_json() for cost in self.costs],
            "diffs": [diff.to_json() for diff in self.diffs],
        }

    def _verdicts(self) -> Iterator[str]:
        if not self.releases:
            yield "staging: no release yet, the first deploy is live"
        for view in self.releases:
            why = view.reason.rstrip(".") or "no verdict"
            yield (
                f"{view.model} {view.candidate.label} after {view.live.label} in staging: "
                f"{view.phase} ({view.verdict}), {why}"
            )

    def _costs(self) -> Iterator[str]:
        for cost in self.costs:
            if cost.monthly_usd is None or cost.release_usd is None:
                yield f"cost of {cost.model} in production: price not known"
                continue
            least, most = cost.release_usd
            yield (
                f"cost of {cost.model} in production: ${cost.monthly_usd:.2f} a month standing, "
                f"${least:.2f} to ${most:.2f} a release"
            )

    def _changes(self) -> Iterator[str]:
        changing = [diff for diff in self.diffs if not diff.empty]
        if not changing:
            yield "template: no change"
        for diff in changing:
            counts = [
                f"{len(ids)} {word} ({_named(ids)})"
                for word, ids in (
                    ("added", diff.added),
                    ("changed", diff.changed),
                    ("removed", diff.removed),
                )
                if ids
            ]
            yield f"template {diff.stack}: {', '.join(counts)}"

    def _every_change(self) -> Iterator[str]:
        for diff in self.diffs:
            for word in ("added", "changed", "removed"):
                for id_ in getattr(diff, word):
                    yield f"{diff.stack}: {word} {id_}"
        if all(diff.empty for diff in self.diffs):
            yield "nothing"


def _named(ids: Sequence[str]) -> str:
    more = len(ids) - _MOST_NAMED
    named = ", ".join(ids[:_MOST_NAMED])
    return named if more <= 0 else f"{named} and {more} more"


def costs_of(project_file: Path, *, stage: str) -> tuple[Cost, ...]:
    """The cost of each model of a project file in a stage, from its dated table of prices."""
    found = []
    for model in sorted(project_plans(project_file)):
        agreed = read_agreed(project_file, model=model, stage=stage)
        outlook = outlook_of(planned_course(agreed.plan), agreed)
        beside, span, price = outlook.usd_standing_month, outlook.usd, agreed.price
        if beside is None or span is None or price is None:
            found.append(Cost(model=model, monthly_usd=None, release_usd=None))
            continue
        live = agreed.fleet.instances * HOURS_A_MONTH * price.usd_per_hour
        release = (span.least, span.most)
        found.append(Cost(model=model, monthly_usd=live + beside, release_usd=release))
    return tuple(found)
