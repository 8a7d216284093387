"""What lines cost: Lambda's bill of each function, shared out by the samples of its lines. Pure.

A function's bill is GB-seconds (memory x duration) and requests, at dated prices. Its GB-seconds
are shared out over the lines by their samples, which is an estimate; its requests are not. Bill of
lines, of what was not sampled and of requests add up to the whole.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cli.profiling.samples import Attributed, Spot

MEGABYTES_A_GIGABYTE = 1_024
PRICED_ARCHITECTURE = "x86_64"


@dataclass(frozen=True, slots=True, kw_only=True)
class Billed:
    """What Lambda counted of one function in a period; `package` is that of its own handler."""

    name: str
    package: str
    memory_megabytes: int
    architecture: str
    requests: float
    seconds: float

    @property
    def gb_seconds(self) -> float:
        """Memory times duration."""
        return self.memory_megabytes / MEGABYTES_A_GIGABYTE * self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """US dollars a GB-second and a request; None where not known. `said` is whence and when."""

    gb_second: float | None
    request: float | None
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCost:
    """The bill of the functions of one package: one, or a brother a track."""

    function: str
    names: tuple[str, ...]
    requests: float
    seconds: float
    gb_seconds: float
    samples: int
    duration_usd: float | None
    request_usd: float | None

    def to_json(self) -> dict[str, Any]:
        """In JSON types; null where a price is not known."""
        return {
            "function": self.function,
            "names": list(self.names),
            "requests": self.requests,
            "seconds": self.seconds,
            "gb_seconds": self.gb_seconds,
            "samples": self.samples,
            "duration_usd": self.duration_usd,
            "request_usd": self.request_usd,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCost:
    """What lines of one frame cost in one function, as estimated by their share of its samples."""

    spot: Spot
    share: float
    gb_seconds: float
    usd: float | None

    @property
    def calls(self) -> tuple[str, float] | None:
        """What was called there most, and its share of these samples; None if nothing was."""
        most = self.spot.calls.most_common(1)
        return (most[0][0], most[0][1] / self.spot.samples) if most else None

    def to_json(self) -> dict[str, Any]:
        """In JSON types; null where a price is not known."""
        return {
            "function": self.spot.function,
            "frame": self.spot.frame,
            "file": self.spot.file,
            "lines": list(self.spot.lines),
            "samples": self.spot.samples,
            "share_of_function": self.share,
            "gb_seconds": self.gb_seconds,
            "usd": self.usd,
            "calls": dict(self.spot.calls.most_common()),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The whole bill in parts that add up; None where a price is not known."""

    lines_usd: float | None
    unsampled_usd: float | None
    """GB-seconds of functions that have no sample."""
    request_usd: float | None

    @property
    def usd(self) -> float | None:
        """All parts together."""
        return _sum((self.lines_usd, self.unsampled_usd, self.request_usd))

    def to_json(self) -> dict[str, Any]:
        """In JSON types."""
        return {
            "usd": self.usd,
            "lines_usd": self.lines_usd,
            "unsampled_usd": self.unsampled_usd,
            "request_usd": self.request_usd,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Functions and lines, the dearest first."""

    functions: tuple[FunctionCost, ...]
    lines: tuple[LineCost, ...]
    beside: int
    """Samples of no function's handler: threads beside them."""
    totals: Totals

    @property
    def samples(self) -> int:
        """Samples in handlers, which the bill is shared out by."""
        return sum(function.samples for function in self.functions)


def costs_of(found: Attributed, billed: Sequence[Billed], prices: Prices) -> Costs:
    """What each function and line cost.

    Samples of a function that was not billed in the period are told with 0 GB-seconds.
    """
    counted = found.by_function
    packages = sorted({*counted, *(each.package for each in billed)})
    functions = [
        _function(package, [b for b in billed if b.package == package], counted[package], prices)
        for package in packages
    ]
    by_name = {function.function: function for function in functions}
    lines = [_line(spot, by_name[spot.function]) for spot in found.spots]
    return Costs(
        functions=tuple(sorted(functions, key=lambda f: (-f.gb_seconds, f.function))),
        lines=tuple(sorted(lines, key=lambda x: (-x.gb_seconds, x.spot.function, x.spot.frame))),
        beside=found.beside,
        totals=_totals(functions),
    )


def _function(package: str, billed: Sequence[Billed], samples: int, prices: Prices) -> FunctionCost:
    requests = sum(each.requests for each in billed)
    return FunctionCost(
        function=package,
        names=tuple(sorted(each.name for each in billed)),
        requests=requests,
        seconds=sum(each.seconds for each in billed),
        gb_seconds=sum(each.gb_seconds for each in billed),
        samples=samples,
        duration_usd=_sum(_duration_usd(each, prices) for each in billed),
        request_usd=None if prices.request is None else prices.request * requests,
    )


def _duration_usd(billed: Billed, prices: Prices) -> float | None:
    """None where the price is not known; what did not run costs nothing at any price."""
    if billed.seconds == 0:
        return 0.0
    if prices.gb_second is None or billed.architecture != PRICED_ARCHITECTURE:
        return None
    return billed.gb_seconds * prices.gb_second


def _line(spot: Spot, function: FunctionCost) -> LineCost:
    share = spot.samples / function.samples
    usd = function.duration_usd
    return LineCost(
        spot=spot,
        share=share,
        gb_seconds=share * function.gb_seconds,
        usd=None if usd is None else share * usd,
    )


def _totals(functions: Sequence[FunctionCost]) -> Totals:
    return Totals(
        lines_usd=_sum(f.duration_usd for f in functions if f.samples > 0),
        unsampled_usd=_sum(f.duration_usd for f in functions if f.samples == 0),
        request_usd=_sum(f.request_usd for f in functions),
    )


def _sum(parts: Iterable[float | None]) -> float | None:
    """The sum; None where a part is not known."""
    total = 0.0
    for part in parts:
        if part is None:
            return None
        total += part
    return total
