"""The report of costs of a profiled stage: read, shared out, or refused with what to do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from cli.deployed import price_in, stack_outputs
from cli.exits import CommandError, Exit
from cli.options import Place
from cli.profiling.costs import Costs, Prices, costs_of
from cli.profiling.ports import Advice, Bills, Functions, Profiler
from cli.profiling.samples import ProfileError, attributed
from cli.profiling.sources import CloudWatchBills, CodeGuruProfiler, LambdaFunctions
from cli.profiling.window import MONTH_SECONDS, Window
from tidegate_aws.errors import code_of, message_of

SHARED_PACKAGES = ("tidegate", "tidegate_aws")
"""The project's code that all functions have, beside each one's own package."""
RIGHTS = (
    "cloudformation:DescribeStacks on the stack, codeguru-profiler:GetProfile and "
    "GetRecommendations on the group, lambda:ListFunctions and cloudwatch:GetMetricData on *"
)
"""What the report is read with."""
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_OUTPUTS = ("GroupName", "PriceSaid")
ESTIMATED = (
    "estimated: Lambda's duration of each function, at its price, shared out by samples; starts of "
    "environments, the rounding up to a millisecond and the free tier are not in it"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The profiling group of a deployed stage, and the prices that its stack tells."""

    name: str
    stage: str
    prices: Prices


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Who is asked."""

    profiler: Profiler
    functions: Functions
    bills: Bills


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a stage's functions cost, by line, in a window; `billed` is what bills are of."""

    group: Group
    profiled: Window
    billed: Window
    costs: Costs
    advice: tuple[Advice, ...]

    @property
    def usd_a_month(self) -> float | None:
        """The bill of thirty days like this window; None where a price is not known."""
        usd = self.costs.totals.usd
        return None if usd is None else usd * MONTH_SECONDS / self.billed.seconds

    def to_json(self, *, top: int) -> dict[str, Any]:
        """In JSON types, with so many lines; null where a price is not known."""
        prices = self.group.prices
        return {
            "stage": self.group.stage,
            "group": self.group.name,
            "profiled": self.profiled.to_json(),
            "billed": self.billed.to_json(),
            "estimated": ESTIMATED,
            "prices": {
                "usd_a_gb_second": prices.gb_second,
                "usd_a_request": prices.request,
                "said": prices.said,
            },
            "lines": [line.to_json() for line in self.costs.lines[:top]],
            "lines_in_all": len(self.costs.lines),
            "functions": [function.to_json() for function in self.costs.functions],
            "samples": {"in_functions": self.costs.samples, "beside": self.costs.beside},
            "totals": {**self.costs.totals.to_json(), "usd_a_month": self.usd_a_month},
            "recommendations": [one.to_json() for one in self.advice],
        }


def group_of(where: Place) -> Group:
    """The stage's group; CommandError where the stage is not profiled or was deployed long ago."""
    name = f"{where.project.name}-{where.stage}-profiling"
    with explained():
        outputs = stack_outputs(where.reading, name)
    if outputs is None:
        raise CommandError(
            f"stage {where.stage} is not profiled on {where.target.name}, there is no stack "
            f"{name}: set stages.{where.stage}.profiling: true in {where.project.path} and run "
            f"'tidegate deploy --stage {where.stage}'",
            code=Exit.REFUSED,
        )
    missing = [output for output in _OUTPUTS if output not in outputs]
    if missing:
        raise CommandError(
            f"stack {name} has no output {', '.join(missing)}: it was deployed by another version "
            f"of tidegate, run 'tidegate deploy --stage {where.stage}'",
            code=Exit.REFUSED,
        )
    return Group(name=outputs["GroupName"], stage=where.stage, prices=_prices(outputs))


def _prices(outputs: Mapping[str, str]) -> Prices:
    return Prices(
        gb_second=price_in(outputs, "GbSecondUsd"),
        request=price_in(outputs, "RequestUsd"),
        said=outputs["PriceSaid"],
    )


def world_of(where: Place) -> World:
    """AWS, as the place is read."""
    client = where.reading.client
    return World(
        profiler=CodeGuruProfiler(client=client("codeguruprofiler")),
        functions=LambdaFunctions(client=client("lambda")),
        bills=CloudWatchBills(client=client("cloudwatch")),
    )


def report_of(group: Group, world: World, window: Window) -> Report:
    """The report; CommandError where nothing was profiled yet or a right is missing."""
    with explained():
        functions = world.functions.profiled(group.name)
        profile = world.profiler.profile(group.name, window)
        if profile is None:
            raise _nothing_yet(group, window, len(functions))
        profiled = Window(
            start=window.start if profile.start is None else profile.start,
            end=window.end if profile.end is None else profile.end,
        )
        own = {*SHARED_PACKAGES, *(function.package for function in functions)}
        found = attributed(
            profile, handlers={function.frame: function.package for function in functions}, own=own
        )
        billed = profiled.on_grid()
        return Report(
            group=group,
            profiled=profiled,
            billed=billed,
            costs=costs_of(found, world.bills.billed(functions, billed), group.prices),
            advice=world.profiler.advice(group.name, profiled),
        )


def _nothing_yet(group: Group, window: Window, functions: int) -> CommandError:
    return CommandError(
        f"group {group.name} has no profile of {window.words} UTC: its {functions} functions post "
        "one every five minutes, once they have run for a minute or so; ask again later, or for a "
        "longer --period",
        code=Exit.REFUSED,
    )


@contextmanager
def explained() -> Iterator[None]:
    """A missing right and an unreadable profile are CommandErrors that say what is needed."""
    try:
        yield
    except ClientError as error:
        if code_of(error) not in _DENIED:
            raise
        raise CommandError(
            f"{message_of(error)}; the report needs {RIGHTS}", code=Exit.REFUSED
        ) from error
    except ProfileError as error:
        raise CommandError(f"the answer of GetProfile cannot be read: {error}") from error
