"""The releases of the benchmark: 24 bad candidates, 11 harmless ones, and three that are unfair.

Traffic of the bad ones is chosen so that the oracle needs between about 5 and 60 looks: a judge
that needs half as much again still has the time. An outage and a threefold slowdown take it one.
"""

from dataclasses import replace
from functools import partial

from bench.judge.worlds import (
    Behaviour,
    Course,
    Delay,
    Family,
    Incidents,
    Latency,
    Scenario,
    Users,
    always,
    since,
)
from tidegate.observation import OutcomeKind, Unit
from tidegate.plan import Metric

HALF = ((0, 0.50),)
RAMP = ((0, 0.01), (60, 0.05), (120, 0.25), (180, 0.50))
ONSET = 60
USUAL, WIDE = Latency(), Latency(sigma=0.8, tail_from=5.0)


def _rates(harmed: Metric, name: str, rates: tuple[float, float], per_minute: float) -> Scenario:
    live, candidate = map(always, rates)
    errors = harmed is Metric.ERRORS
    return Scenario(
        name=name,
        family=Family(harmed.value),
        per_minute=always(per_minute),
        live=Behaviour(errors=live) if errors else Behaviour(outcomes=live),
        candidate=Behaviour(errors=candidate) if errors else Behaviour(outcomes=candidate),
        harmed=harmed,
    )


_errors, _outcomes = partial(_rates, Metric.ERRORS), partial(_rates, Metric.OUTCOMES)
"""From a live rate to a candidate's, of all requests or of all outcomes."""


def _latency(
    name: str,
    per_minute: float,
    *,
    candidate: Latency = USUAL,
    live: Latency = USUAL,
    slowdown: float = 1.0,
) -> Scenario:
    return Scenario(
        name=name,
        family=Family.LATENCY,
        per_minute=always(per_minute),
        live=Behaviour(latency=live),
        candidate=Behaviour(latency=candidate, slowdown=always(slowdown)),
        harmed=Metric.LATENCY,
    )


def _later(name: str, candidate: Behaviour, metric: Metric, per_minute: float) -> Scenario:
    return Scenario(
        name=name,
        family=Family.LATE_ONSET,
        per_minute=always(per_minute),
        candidate=candidate,
        harmed=metric,
        onset=ONSET,
    )


def _harmless(name: str, per_minute: Course, both: Behaviour | None = None) -> Scenario:
    same = Behaviour() if both is None else both
    return Scenario(
        name=name, family=Family.HARMLESS, per_minute=per_minute, live=same, candidate=same
    )


BAD: tuple[Scenario, ...] = (
    _errors("errors 1 -> 2 %", (0.01, 0.02), 900),
    replace(_errors("errors 1 -> 2 %, half", (0.01, 0.02), 120), shares=HALF),
    _errors("errors 1 -> 3 %", (0.01, 0.03), 300),
    replace(_errors("errors 1 -> 3 %, half", (0.01, 0.03), 60), shares=HALF),
    _errors("errors 0.1 -> 0.5 %", (0.001, 0.005), 1_200),
    _errors("errors 0.1 -> 1 %", (0.001, 0.01), 300),
    _errors("errors 5 -> 7 %", (0.05, 0.07), 900),
    _errors("errors 1 -> 10 %", (0.01, 0.10), 60),
    _errors("total outage", (0.005, 1.0), 60),
    _outcomes("wrong 10 -> 13 %", (0.10, 0.13), 900),
    replace(_outcomes("wrong 10 -> 13 %, half", (0.10, 0.13), 120), shares=HALF),
    _outcomes("wrong 10 -> 20 %", (0.10, 0.20), 150),
    replace(
        _outcomes("wrong 10 -> 20 %, late labels", (0.10, 0.20), 150),
        delay=Delay(mean_intervals=30.0),
    ),
    replace(
        _outcomes("late conversions 10 -> 7 %", (0.10, 0.07), 600),
        delay=Delay(outcomes=OutcomeKind.CONVERSIONS, mean_intervals=20.0),
    ),
    _latency("everything 20 % slower, wide", 300, candidate=WIDE, live=WIDE, slowdown=1.2),
    _latency("everything 50 % slower", 60, slowdown=1.5),
    _latency("p99 20 % slower", 800, candidate=Latency(tail_from=3.6)),
    replace(
        _latency("tail twice as long, half", 60, candidate=Latency(tail_from=6.0)), shares=HALF
    ),
    _latency("2 % ten times slower", 300, candidate=Latency(slow_share=0.02)),
    _latency("everything 3 times slower", 60, slowdown=3.0),
    _later(
        "errors 1 -> 3 % after 60 min",
        Behaviour(errors=since(ONSET, 0.01, 0.03)),
        Metric.ERRORS,
        300,
    ),
    _later(
        "50 % slower after 60 min", Behaviour(slowdown=since(ONSET, 1.0, 1.5)), Metric.LATENCY, 60
    ),
    _later(
        "wrong 10 -> 20 % after 60 min",
        Behaviour(outcomes=since(ONSET, 0.10, 0.20)),
        Metric.OUTCOMES,
        150,
    ),
    _later(
        "errors 1 -> 5 %, gradually",
        Behaviour(errors=Course(points=((ONSET, 0.01), (ONSET + 120, 0.05)))),
        Metric.ERRORS,
        300,
    ),
)

_BETTER = Behaviour(errors=always(0.01), outcomes=always(0.10), slowdown=always(0.8))
_WORSE = Behaviour(errors=always(0.02), outcomes=always(0.15))
_DAY = Behaviour(
    errors=always(0.01, swing=0.7),
    outcomes=always(0.10, swing=0.4),
    slowdown=always(1.2, swing=0.4),
)
_DRIFT = Behaviour(
    errors=Course(points=((0, 0.005), (239, 0.02))),
    outcomes=Course(points=((0, 0.08), (239, 0.16))),
    slowdown=Course(points=((0, 1.0), (239, 1.6))),
)

HARMLESS: tuple[Scenario, ...] = (
    _harmless("stationary", always(600)),
    replace(_harmless("diurnal load", always(900, swing=0.8), _DAY), shares=((0, 0.10),)),
    replace(
        _harmless("shared incidents", always(1_200)),
        shares=HALF,
        incidents=Incidents(),
        shared_noise=0.5,
    ),
    replace(_harmless("ramp and drifting rates", always(1_500), _DRIFT), shares=RAMP),
    _harmless(
        "heavy tails", always(3_000), Behaviour(latency=Latency(tail_share=0.10, tail_index=1.1))
    ),
    _harmless("low traffic", always(60)),
    replace(
        _harmless("late conversions", always(600)),
        shares=HALF,
        delay=Delay(outcomes=OutcomeKind.CONVERSIONS, mean_intervals=45.0),
    ),
    replace(_harmless("sticky users who differ", always(600)), users=Users(), shares=((0, 0.25),)),
    replace(_harmless("better candidate", always(600), _BETTER), live=_WORSE),
    replace(
        _harmless("faster candidate", always(600), Behaviour(slowdown=always(0.6))),
        shares=HALF,
        live=Behaviour(),
    ),
    _harmless(
        "no errors, tiny counts", always(60), Behaviour(errors=always(0.0), outcomes=always(0.005))
    ),
)

STRESS: tuple[Scenario, ...] = (
    replace(_harmless("clumped errors", always(600)), family=Family.STRESS, clump_size=5),
    replace(
        _harmless("clumped errors, half", always(600)),
        family=Family.STRESS,
        clump_size=5,
        shares=HALF,
    ),
    replace(
        _harmless("sticky users counted by request", always(300)),
        family=Family.STRESS,
        users=Users(unit=Unit.REQUEST),
        shares=((0, 0.25),),
    ),
)

ALL: tuple[Scenario, ...] = (*BAD, *HARMLESS, *STRESS)


def named(name: str) -> Scenario:
    """The scenario of that name; an unknown one raises ValueError with those there are."""
    for scenario in ALL:
        if scenario.name == name:
            return scenario
    raise ValueError(f"unknown scenario {name!r}, there are: {', '.join(s.name for s in ALL)}")
