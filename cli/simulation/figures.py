"""The figures a simulation starts from, and where each comes from: given, observed or assumed.

Nothing is filled in silently: every figure is told with its source.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from cli.simulation.behaviour import (
    Behaviour,
    Chances,
    Traffic,
    exponential_delays,
    lognormal,
    quantile_bucket,
)
from cli.simulation.observed import Observed
from tidegate.errors import InvalidValueError
from tidegate.latency import upper_edge_milliseconds
from tidegate.observation import OutcomeKind
from tidegate.plan import Metric, ReleasePlan

ERRORS, WRONG = 0.01, 0.10
P50_MILLISECONDS, P99_TIMES_P50 = 50.0, 3.0
DELAY_SECONDS, KNOWN = 300.0, 1.0
"""What is assumed of a model of which nothing is known: modest, and printed where it is used."""

EVENTS = {OutcomeKind.CONVERSIONS: 0.10, OutcomeKind.COMPLAINTS: 0.01}
"""The same for events: of how many answers they come."""

DIFFERS_OF_MARGIN = 0.25
"""How much of what a shadow's plan lets differ a harmless candidate is assumed to."""

TINY = 1e-3
"""The least of what must be above 0."""


class Source(StrEnum):
    """Where a figure comes from."""

    GIVEN = "given"
    OBSERVED = "observed"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was said on the command line; None where nothing was said. Rates are shares of 1."""

    requests_per_minute: float | None = None
    errors: float | None = None
    latency_p50_milliseconds: float | None = None
    latency_p99_milliseconds: float | None = None
    wrong: float | None = None
    outcome_delay_seconds: float | None = None
    outcomes_known: float | None = None
    differing: float | None = None

    def faults(self) -> tuple[str, ...]:
        """What is impossible in these: empty when nothing is."""
        p50, p99 = self.latency_p50_milliseconds, self.latency_p99_milliseconds
        checks = (
            ("requests per minute", self.requests_per_minute, (TINY, 1e7)),
            ("errors", self.errors, (0.0, 0.99)),
            ("wrong", self.wrong, (0.0, 0.9999)),
            ("outcomes known", self.outcomes_known, (TINY, 1.0)),
            ("differing", self.differing, (0.0, 1.0)),
            ("latency p50", p50, (TINY, 1e6)),
            ("latency p99", p99, (TINY if p50 is None else p50, 1e6)),
            ("outcome delay in seconds", self.outcome_delay_seconds, (0.0, 30 * 86_400)),
        )
        return tuple(
            f"{name} must be {low:g} to {high:g}, got {value:g}"
            for name, value, (low, high) in checks
            if value is not None and not low <= value <= high
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure in words, and where it comes from."""

    name: str
    text: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """The traffic, and the figures it was made of."""

    traffic: Traffic
    figures: tuple[Figure, ...]


def basis_of(given: Given, *, observed: Observed | None, plan: ReleasePlan) -> Basis | None:
    """What is given counts, then what was observed, then what is assumed of any model.

    None where it is not known how many requests there are: that is never assumed. InvalidValueError
    with every fault of what was given.
    """
    faults = (*given.faults(), *_faults_of_kind(given, plan.outcome_kind))
    faults += differing_faults(given.differing, plan)
    if faults:
        raise InvalidValueError(faults)
    seen = Observed(intervals=0, requests=0) if observed is None else observed
    rate, rate_source = _pick(given.requests_per_minute, seen.requests_per_minute, 0.0)
    if rate == 0:
        return None
    errors, source = _pick(given.errors, seen.errors, ERRORS)
    chances, latency = _latency(given, seen)
    live, outcomes = _with_outcomes(
        Behaviour(errors=errors, latency=chances, known=(), wrong=0.0), given, seen, plan=plan
    )
    figures = [
        Figure(name="requests a minute", text=f"{rate:,.4g}", source=rate_source),
        Figure(name="errors", text=percent(errors), source=source),
        latency,
    ]
    if any(guardrail.metric is Metric.OUTCOMES for guardrail in plan.guardrails):
        figures.extend(outcomes)
    margin = agreement_margin(plan)
    if margin is not None:
        differs, source = _pick(given.differing, None, DIFFERS_OF_MARGIN * margin)
        live = replace(live, differs=differs)
        text = f"{percent(differs)} without harm"
        figures.append(Figure(name="answers that differ", text=text, source=source))
    return Basis(traffic=Traffic(requests_per_minute=rate, live=live), figures=tuple(figures))


def agreement_margin(plan: ReleasePlan) -> float | None:
    """The share of answers that the plan lets differ; None where it compares none."""
    margins = [g.margin for g in plan.guardrails if g.metric is Metric.AGREEMENT]
    return margins[0] if margins else None


def differing_faults(differing: float | None, plan: ReleasePlan) -> tuple[str, ...]:
    """Why so many answers cannot differ without harm by this plan: empty when they can."""
    margin = agreement_margin(plan)
    if differing is None:
        return ()
    if margin is None:
        return ("differing is for a shadow with guardrail agreement: this plan has none",)
    if differing >= margin:
        fault = (
            f"differing must be below the margin of guardrail agreement ({margin:g}), got "
            f"{differing:g}: where so many answers differ, no candidate is harmless by this plan"
        )
        return (fault,)
    return ()


def _faults_of_kind(given: Given, kind: OutcomeKind) -> tuple[str, ...]:
    if given.outcomes_known is None or not kind.has_events_only:
        return ()
    fault = (
        f"outcomes known is for labels, and the plan's outcomes are {kind}: give by wrong how many "
        "answers come to harm"
    )
    return (fault,)


def percent(share: float) -> str:
    """A share in percent with three digits that count."""
    return f"{100 * share:.3g} %"


def _pick(given: float | None, observed: float | None, assumed: float) -> tuple[float, Source]:
    if given is not None:
        return given, Source.GIVEN
    if observed is not None:
        return observed, Source.OBSERVED
    return assumed, Source.ASSUMED


def _latency(given: Given, seen: Observed) -> tuple[Chances, Figure]:
    """Observed latencies keep their shape; figures that are given make a lognormal one."""
    p50, p99 = given.latency_p50_milliseconds, given.latency_p99_milliseconds
    if p50 is None and p99 is None and seen.latency is not None:
        return seen.latency, _latency_figure(_quantiles(seen.latency), Source.OBSERVED)
    said = p50 is not None or p99 is not None
    if p50 is None:
        p50 = P50_MILLISECONDS if p99 is None else p99 / P99_TIMES_P50
    if p99 is None:
        p99 = P99_TIMES_P50 * p50
    chances = lognormal(p50_milliseconds=p50, p99_milliseconds=p99)
    return chances, _latency_figure((p50, p99), Source.GIVEN if said else Source.ASSUMED)


def _quantiles(chances: Chances) -> tuple[float, float]:
    p50, p99 = (upper_edge_milliseconds(quantile_bucket(chances, q)) for q in (0.5, 0.99))
    return p50, p99


def _latency_figure(quantiles: tuple[float, float], source: Source) -> Figure:
    text = f"p50 {quantiles[0]:.3g} ms, p99 {quantiles[1]:.3g} ms"
    return Figure(name="latency", text=text, source=source)


def _with_outcomes(
    live: Behaviour, given: Given, seen: Observed, *, plan: ReleasePlan
) -> tuple[Behaviour, tuple[Figure, ...]]:
    kind = plan.outcome_kind
    known, delay = _known(given, seen, plan)
    if kind is OutcomeKind.LABELS:
        wrong, source = _pick(given.wrong, seen.wrong, WRONG)
        figures = (Figure(name="wrong outcomes", text=percent(wrong), source=source), *delay)
        return replace(live, wrong=wrong, known=known), figures
    seen_share = None if seen.known is None else max(TINY, sum(seen.known))
    harmed = None if seen_share is None else _turned(seen_share, kind)
    share, source = _pick(given.wrong, harmed, _turned(EVENTS[kind], kind))
    events = _turned(share, kind)
    late = Behaviour(errors=0.0, latency=(), known=known, wrong=0.0).reporting(events)
    wrong = 1.0 if kind is OutcomeKind.COMPLAINTS else 0.0
    text = f"of {percent(events)} of the answers"
    figures = (Figure(name=kind.value, text=text, source=source), *delay[-1:])
    return replace(live, wrong=wrong, known=late.known), figures


def _turned(share: float, kind: OutcomeKind) -> float:
    """Of conversions the harm is that there is none; of complaints each is one."""
    return 1 - share if kind is OutcomeKind.CONVERSIONS else share


def _known(given: Given, seen: Observed, plan: ReleasePlan) -> tuple[Chances, tuple[Figure, ...]]:
    """When outcomes are reported: as observed, unless something of it was given."""
    said = given.outcome_delay_seconds is not None or given.outcomes_known is not None
    events = plan.outcome_kind.has_events_only
    if not said and seen.known is not None and not (events and sum(seen.known) == 0):
        text = f"of {percent(sum(seen.known))} of the answers, as late as before"
        figure = Figure(name="outcomes known", text=text, source=Source.OBSERVED)
        return seen.known, (figure,)
    delay, delay_source = _pick(given.outcome_delay_seconds, None, DELAY_SECONDS)
    share, share_source = _pick(given.outcomes_known, None, KNOWN)
    chances = exponential_delays(
        mean_seconds=delay,
        outcome_window_seconds=plan.outcome_window_seconds,
        known_share=share,
    )
    known = f"of {percent(share)} of the answers"
    figures = (
        Figure(name="outcomes known", text=known, source=share_source),
        Figure(name="outcome delay", text=f"{delay / 60:.3g} min in the mean", source=delay_source),
    )
    return chances, figures
