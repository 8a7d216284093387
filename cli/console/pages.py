"""The console's pages as HTML: drawn here, so that every view of a release has the same words.

The browser gets what is inside of `<main>` and puts it in place of what it had.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import ChoiceLoader, Environment, PackageLoader

from cli.console.actions import offers
from cli.console.batches import SeenReport, SeenRun
from cli.console.charts import exposure_drawing, metric_charts, share_drawing
from cli.console.reader import Overview, Seen
from cli.html import page_environment
from cli.screen import standing, verdict_words
from tidegate.release import Phase
from tidegate.view import ReleaseView


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the bake of a step is, in seconds of the cloud's clock."""

    baked: float
    whole: float

    @property
    def percent(self) -> float:
        """The part that is over."""
        return 100.0 if self.whole <= 0 else min(100.0, 100 * max(0.0, self.baked) / self.whole)


def overview_page(overview: Overview, runs: Sequence[SeenRun] = ()) -> str:
    """All models, the newest releases of each, and the newest runs of their batches."""
    return _environment().get_template("overview.html.j2").render(overview=overview, runs=runs)


def batch_page(seen: SeenReport) -> str:
    """One run of a batch with its report."""
    return _environment().get_template("batch.html.j2").render(seen=seen)


def release_page(seen: Seen, *, who: str) -> str:
    """One release with everything there is to see of it; `who` would be named by the verbs."""
    view = seen.view
    template = _environment().get_template("release.html.j2")
    return template.render(
        seen=seen,
        view=view,
        who=who,
        offers=() if view.over else offers(seen.record, attended=seen.attended),
        progress=progress_of(view, now=seen.at),
        metrics=metric_charts(view),
        shares=share_drawing(view),
        exposure=exposure_drawing(view),
        serving=seen.shares,
    )


def progress_of(view: ReleaseView, *, now: float) -> Progress | None:
    """The bake of the step that the release is in; None while none is under way."""
    if view.phase != Phase.BAKING or view.step_started_at is None or view.halted is not None:
        return None
    return Progress(baked=now - view.step_started_at, whole=view.bake_seconds[view.step])


def evidence_keys(view: ReleaseView) -> tuple[tuple[str, str, str], ...]:
    """What is drawn in the charts of evidence: role, kind and name of each."""
    shadow = view.pairs is not None
    harm, safe = ("fails", "pass") if shadow else ("rolls back", "promote")
    keys = (
        ("candidate", "curve", "difference seen"),
        ("band", "area", "its bounds, at every look"),
        ("margin", "level", "margin"),
        ("harm", "curve", f"harm: {harm} at 100 %"),
        ("safe", "curve", f"safe: all of them {safe} at 100 %"),
    )
    return keys if shadow else (*keys, ("step", "moved", "share changed"))


def tone(view: ReleaseView) -> str:
    """What the colour of a release says: good, bad, wait or open."""
    if view.halted is not None:
        return "bad"
    if view.paused is not None:
        return "wait"
    return _TONES.get(view.phase, "open")


_TONES = {
    Phase.PROMOTED.value: "good",
    Phase.PASSED.value: "good",
    Phase.KEPT.value: "good",
    Phase.FAILED.value: "bad",
    Phase.ROLLED_BACK.value: "bad",
    Phase.RESTORING.value: "bad",
    Phase.ABORTED.value: "wait",
    Phase.ABORTING.value: "wait",
}


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = page_environment(
        ChoiceLoader([PackageLoader("cli.console", "templates"), PackageLoader("cli", "templates")])
    )
    environment.globals.update(
        standing=standing, tone=tone, evidence_keys=evidence_keys, verdict_words=verdict_words
    )
    return environment
