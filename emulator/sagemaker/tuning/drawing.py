"""Which values a tuning job tries next. Pure but for the random numbers that it is given.

Random draws; Grid takes every combination in turn; Bayesian draws candidates and takes the one
that is likelier among the good trials than among the others: the tree-structured Parzen estimator
of Bergstra et al., "Algorithms for Hyper-Parameter Optimization" (2011). AWS models with a Gaussian
process instead; what both promise is the same, what they try is not.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

_FIRST_AT_RANDOM = 3
"""Trials before a Bayesian choice knows anything."""
_CANDIDATES = 24
_GOOD_SHARE = 0.25
_WIDTH = 0.2
"""Of a kernel, as a share of the range."""
_AUTO_LOGARITHMIC = 100.0
"""Auto is logarithmic where the ends are that many times apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Numbers between two ends, spread evenly or by their logarithms."""

    name: str
    least: float
    most: float
    whole: bool
    scale: str

    def place(self, text: str) -> float:
        """Where a value lies in the range, 0 to 1."""
        low, high = self._bent(self.least), self._bent(self.most)
        return (self._bent(float(text)) - low) / (high - low)

    def text(self, place: float) -> str:
        """The value at a place, as a job is given it."""
        low, high = self._bent(self.least), self._bent(self.most)
        value = self._straight(low + min(1.0, max(0.0, place)) * (high - low))
        value = min(self.most, max(self.least, value))
        return str(round(value)) if self.whole else repr(value)

    def _bent(self, value: float) -> float:
        if self._logarithmic:
            return math.log(value)
        return -math.log(1 - value) if self.scale == "ReverseLogarithmic" else value

    def _straight(self, value: float) -> float:
        if self._logarithmic:
            return math.exp(value)
        return 1 - math.exp(-value) if self.scale == "ReverseLogarithmic" else value

    @property
    def _logarithmic(self) -> bool:
        wide = self.least > 0 and self.most / self.least >= _AUTO_LOGARITHMIC
        return self.scale == "Logarithmic" or (self.scale == "Auto" and wide)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Texts to choose from."""

    name: str
    values: tuple[str, ...]


Range = Numbers | Choice
Drawn = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Values that were tried, and how good they were: more is better."""

    drawn: Drawn
    merit: float


def next_values(
    strategy: str, ranges: Sequence[Range], trials: Sequence[Trial], *, number: int, random: Random
) -> Drawn | None:
    """The values of the next training job, the `number`-th; None when a grid is used up."""
    if strategy == "Grid":
        return _combination(ranges, number)
    if strategy == "Random" or len(trials) < _FIRST_AT_RANDOM:
        return {each.name: _at_random(each, random) for each in ranges}
    ranked = sorted(trials, key=lambda trial: trial.merit, reverse=True)
    count = max(1, round(_GOOD_SHARE * len(ranked)))
    good, others = ranked[:count], ranked[count:]
    return {each.name: _likely(each, good, others, random) for each in ranges}


def _combination(ranges: Sequence[Range], number: int) -> Drawn | None:
    listed = [each.values if isinstance(each, Choice) else () for each in ranges]
    chosen = next(itertools.islice(itertools.product(*listed), number, None), None)
    if chosen is None:
        return None
    return {each.name: value for each, value in zip(ranges, chosen, strict=True)}


def _at_random(one: Range, random: Random) -> str:
    return random.choice(one.values) if isinstance(one, Choice) else one.text(random.random())


def _likely(one: Range, good: Sequence[Trial], others: Sequence[Trial], random: Random) -> str:
    """Of candidates from among the good values, the one that is rarest among the others."""
    best = [trial.drawn[one.name] for trial in good]
    rest = [trial.drawn[one.name] for trial in others]
    if isinstance(one, Choice):
        return max(
            (random.choice(best + list(one.values)) for _ in range(_CANDIDATES)),
            key=lambda value: _share(value, best, one) / _share(value, rest, one),
        )
    near = [one.place(value) for value in best]
    far = [one.place(value) for value in rest]
    places = [random.gauss(random.choice(near), _WIDTH) for _ in range(_CANDIDATES)]
    places = [min(1.0, max(0.0, place)) for place in places]
    return one.text(max(places, key=lambda place: _density(place, near) / _density(place, far)))


def _share(value: str, seen: Sequence[str], one: Choice) -> float:
    """How often a value was seen, with one more of each: none is impossible."""
    return (seen.count(value) + 1) / (len(seen) + len(one.values))


def _density(place: float, seen: Sequence[float]) -> float:
    """Gaussian kernels around what was seen, and an even floor."""
    kernels = sum(math.exp(-0.5 * ((place - each) / _WIDTH) ** 2) for each in seen)
    return (kernels + 1.0) / (len(seen) + 1)
