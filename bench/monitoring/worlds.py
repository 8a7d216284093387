"""Simulated traffic: a hundred features, alike or not, with and without drift.

Values are drawn raw, as requests would bring them; bins and counts are the product's own.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

FEATURES = 100
WEEK = 7
ORIGIN_WEEKDAY = 3
"""1 January 1970 was a Thursday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """How traffic without drift comes about.

    `correlation` is that of any two features; `weekly` moves a day's mean by so many standard
    deviations, up and down over the week; `clump` requests in a row are of one client and alike;
    `shift` is the lasting difference from the baseline, in standard deviations.
    """

    name: str
    requests: int = 1_000
    correlation: float = 0.0
    weekly: float = 0.0
    clump: int = 1
    shift: float = 0.0

    def draw(self, rng: np.random.Generator, *, day: int, rows: int) -> Values:
        """Rows of one day, by 100 features."""
        clients = -(-rows // self.clump)
        shared = rng.normal(size=(clients, 1)) * np.sqrt(self.correlation)
        own = rng.normal(size=(clients, FEATURES)) * np.sqrt(1 - self.correlation)
        found = np.repeat(shared + own, self.clump, axis=0)[:rows]
        season = self.weekly * np.sin(2 * np.pi * (day + ORIGIN_WEEKDAY) / WEEK)
        moved: Values = found + season + self.shift
        return moved

    def baseline(self, rng: np.random.Generator, rows: int) -> tuple[Values, NDArray[np.int64]]:
        """Rows of the training data, and the day of each: whole weeks, each day alike."""
        days = np.arange(rows) % WEEK
        still = World(name="", correlation=self.correlation, weekly=self.weekly)
        parts = [
            still.draw(rng, day=int(day), rows=int((days == day).sum())) for day in range(WEEK)
        ]
        drawn = np.empty((rows, FEATURES))
        for day, part in enumerate(parts):
            drawn[days == day] = part
        return drawn, days


WORLDS = (
    World(name="independent features"),
    World(name="correlated features (0.8)", correlation=0.8),
    World(name="weekly rhythm of 0.5 standard deviations", weekly=0.5, correlation=0.3),
    World(name="requests in clumps of 5, clients told apart", clump=5, requests=5_000),
    World(name="a lasting shift as large as tolerated", shift=0.12),
    World(name="100 requests a day", requests=100, correlation=0.3),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """What changes, from the change on: `apply` is given rows and says what they become."""

    name: str
    apply: Callable[[Values, np.random.Generator], Values]


def _mean(size: float, features: int) -> Callable[[Values, np.random.Generator], Values]:
    def apply(rows: Values, _: np.random.Generator) -> Values:
        moved = rows.copy()
        moved[:, :features] += size
        return moved

    return apply


def _wider(factor: float) -> Callable[[Values, np.random.Generator], Values]:
    def apply(rows: Values, _: np.random.Generator) -> Values:
        moved = rows.copy()
        moved[:, 0] *= factor
        return moved

    return apply


def _missing(share: float) -> Callable[[Values, np.random.Generator], Values]:
    def apply(rows: Values, rng: np.random.Generator) -> Values:
        moved = rows.copy()
        moved[rng.random(len(rows)) < share, 0] = np.nan
        return moved

    return apply


def _stuck(share: float) -> Callable[[Values, np.random.Generator], Values]:
    def apply(rows: Values, rng: np.random.Generator) -> Values:
        moved = rows.copy()
        moved[rng.random(len(rows)) < share, 0] = 0.0
        return moved

    return apply


SHIFTS = (
    Shift(name="mean of 1 feature, 0.3 standard deviations", apply=_mean(0.3, 1)),
    Shift(name="mean of 1 feature, 0.5", apply=_mean(0.5, 1)),
    Shift(name="mean of 1 feature, 1", apply=_mean(1.0, 1)),
    Shift(name="mean of 10 features, 0.3", apply=_mean(0.3, 10)),
    Shift(name="1 feature spreads 1.5 times as wide", apply=_wider(1.5)),
    Shift(name="1 feature is 0 in 30 % of requests", apply=_stuck(0.3)),
    Shift(name="1 feature is missing in 5 % of requests", apply=_missing(0.05)),
    Shift(name="1 feature is missing always", apply=_missing(1.0)),
)
