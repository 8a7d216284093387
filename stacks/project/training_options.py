"""Rules of how training jobs run (tuning, spot, a ceiling of costs), and what they mean."""

import re
from collections.abc import Iterable, Iterator, Mapping

from stacks.project.algorithms import Algorithm, Hyperparameter, Interval
from stacks.project.durations import DAY, seconds_of
from stacks.project.faults import Fault, did_you_mean
from stacks.project.source import Location, Source
from stacks.project.tables import job_price
from stacks.project.training_options_shape import (
    Goal,
    RangeFile,
    Scale,
    TuneFile,
    TuningStrategy,
)
from stacks.project.training_shape import TrainingFile
from stacks.project.training_spec import RangeSpec, SpotSpec, TrainingSpec, TuningSpec, VpcSpec

LEAST_SECONDS = 60
MOST_WARM_SECONDS = 3_600
"""KeepAlivePeriodInSeconds, API reference of ResourceConfig."""
MOST_WAIT_SECONDS = 30 * DAY
MOST_WAIT_WITHOUT_SECONDS = 3_600
"""Of algorithms without checkpoints (developer guide, "Managed Spot Training")."""
_HOUR = 3_600


def option_faults(
    source: Source, here: Location, file: TrainingFile, known: Algorithm | None
) -> Iterator[Fault]:
    """Every fault of the options of the section."""
    yield from _spot_faults(source, here, file, known)
    yield from _warm_faults(source, here, file)
    yield from _metric_faults(source, here, file)
    yield from _tune_faults(source, (*here, "tune"), file, known)


def _spot_faults(
    source: Source, here: Location, file: TrainingFile, known: Algorithm | None
) -> Iterator[Fault]:
    if file.spot is None:
        return
    wait, timeout = seconds_of(file.spot.wait), seconds_of(file.timeout)
    if known is not None and not known.keeps_checkpoints and wait > MOST_WAIT_WITHOUT_SECONDS:
        words = (
            f"wait is {file.spot.wait}, must be at most 60m: {known.name} keeps no checkpoints, "
            "and begins anew when it was interrupted"
        )
        yield source.fault((*here, "spot", "wait"), words)
    if not timeout <= wait <= MOST_WAIT_SECONDS:
        words = f"wait is {file.spot.wait}, must be at least timeout ({file.timeout}), at most 30d"
        yield source.fault((*here, "spot", "wait"), words)


def _warm_faults(source: Source, here: Location, file: TrainingFile) -> Iterator[Fault]:
    if file.warm_pool is None:
        return
    if not LEAST_SECONDS <= seconds_of(file.warm_pool) <= MOST_WARM_SECONDS:
        words = f"warm_pool is {file.warm_pool}, must be at least 60s and at most 60m"
        yield source.fault((*here, "warm_pool"), words)
    for key in ("spot", "tune"):
        if getattr(file, key) is not None:
            words = (
                f"warm_pool keeps an instance on demand for the next job, which {key} has no use "
                "for: drop one of the two"
            )
            yield source.fault((*here, "warm_pool"), words)


def _metric_faults(source: Source, here: Location, file: TrainingFile) -> Iterator[Fault]:
    for name, text in file.metrics.items():
        try:
            groups = re.compile(text).groups
        except re.error as error:
            words = f"metric {name} is {text!r}, which is no regular expression: {error}"
            yield source.fault((*here, "metrics", name), words)
            continue
        if groups < 1:
            words = f"metric {name} is {text!r}, needs a group in parentheses around the value"
            yield source.fault((*here, "metrics", name), words)


def _tune_faults(
    source: Source, at: Location, file: TrainingFile, known: Algorithm | None
) -> Iterator[Fault]:
    tune = file.tune
    if tune is None:
        return
    for key, words in _objective_faults(tune, file, known):
        yield source.fault((*at, key), words)
    if tune.parallel > tune.most_jobs:
        words = f"parallel is {tune.parallel}, must be at most most_jobs, which is {tune.most_jobs}"
        yield source.fault((*at, "parallel"), words)
    for name, given in tune.ranges.items():
        place = (*at, "ranges", name)
        table = None if known is None else known.hyperparameters
        for words in _range_faults(name, given, tune, table):
            yield source.fault(place, words)
        if known is None and name in file.hyperparameters:
            yield source.fault(place, f"{name} is tuned and has a value too: drop one of the two")


def _objective_faults(
    tune: TuneFile, file: TrainingFile, known: Algorithm | None
) -> Iterator[tuple[str, str]]:
    """Which key is wrong, and why."""
    name, goal = tune.objective, tune.goal
    metrics = file.metrics if known is None else known.metrics
    if name not in metrics:
        whose = "metrics" if known is None else known.name
        meant = did_you_mean(name, metrics) if metrics else f"{whose} has none"
        yield "objective", f"objective is {name!r}, which {whose} does not have: {meant}"
    elif known is None and goal is None:
        yield "objective", f"goal is missing beside {name}: Maximize or Minimize"
    elif known is not None and goal not in (None, Goal(known.metrics[name])):
        right = known.metrics[name]
        yield "goal", f"goal is {goal}, {known.name} says {right} of {name}: drop it"


def _range_faults(
    name: str, given: RangeFile, tune: TuneFile, table: Mapping[str, Hyperparameter] | None
) -> Iterator[str]:
    numbers = given.least is not None and given.most is not None
    if numbers == bool(given.values) or (given.least is None) != (given.most is None):
        yield f"{name} needs either least and most, or values"
        return
    if given.least is not None and given.most is not None and given.least >= given.most:
        yield f"{name} goes from {given.least:g} to {given.most:g}: least must be below most"
        return
    if tune.strategy is TuningStrategy.GRID and not given.values:
        yield f"{name} is a range of numbers, and strategy Grid takes lists of values only"
    logarithmic = {Scale.LOGARITHMIC: given.least is not None and given.least <= 0}
    if logarithmic.get(given.scale, False):
        yield f"{name} begins at {given.least:g}, and scale Logarithmic needs more than 0"
    if table is not None:
        yield from _table_faults(name, given, table)


def _table_faults(
    name: str, given: RangeFile, table: Mapping[str, Hyperparameter]
) -> Iterator[str]:
    tunable = {each: known for each, known in table.items() if known.tunable is not None}
    if name not in tunable:
        yield f"{name} can't be tuned: {did_you_mean(name, tunable)}"
        return
    known = tunable[name]
    recommended = known.tunable
    if isinstance(recommended, Interval) and given.values:
        yield f"{name} is a number: give least and most, recommended: {recommended.text}"
    elif not isinstance(recommended, Interval) and not given.values:
        yield f"{name} is a choice: give values, such as {', '.join(recommended or ())}"
    ends = [end for end in (given.least, given.most) if end is not None]
    numbers = [] if known.interval is None else ends
    tried = [*given.values, *(number_text(end, whole=known.kind == "int") for end in numbers)]
    yield from (found for found in map(known.fault, tried) if found is not None)


def number_text(value: float, *, whole: bool) -> str:
    """A number as jobs are given it."""
    return str(int(value)) if whole and value == int(value) else repr(value)


def price_faults(
    source: Source,
    here: Location,
    file: TrainingFile,
    *,
    jobs: int | None,
    regions: Iterable[str],
) -> Iterator[Fault]:
    """Why `most_usd` cannot hold for a run of that many jobs, None where some have no limit."""
    if file.most_usd is None:
        return
    if jobs is None:
        words = (
            f"most_usd is {file.most_usd:g}, and cannot hold: the transform jobs by which versions "
            "of an algorithm are asked have no time limit; drop it, timeout limits the others"
        )
        yield source.fault((*here, "most_usd"), words)
        return
    for region in sorted(regions):
        price = job_price(region, file.instance_type)
        if price is None:
            words = (
                f"most_usd is {file.most_usd:g}, and what {file.instance_type} costs in {region} "
                "is not known: add it to stacks/prices.json, or drop most_usd"
            )
            yield source.fault((*here, "most_usd"), words)
            continue
        usd = float(price["usd_per_hour"])
        if ceiling_seconds(file.most_usd, jobs, usd) < LEAST_SECONDS:
            needed = jobs * LEAST_SECONDS / _HOUR * usd
            words = (
                f"most_usd is {file.most_usd:g}, which leaves each of {jobs} jobs less than a "
                f"minute in {region}: at least {needed:.2g}, or fewer jobs"
            )
            yield source.fault((*here, "most_usd"), words)


def ceiling_seconds(most_usd: float, jobs: int, usd_per_hour: float) -> int:
    """How long each of the jobs may run so that all of them cost no more."""
    return int(most_usd / (jobs * usd_per_hour) * _HOUR)


def limit_seconds(training: TrainingSpec, region: str) -> int:
    """How long a job may run: its timeout, or less where a run may cost no more."""
    price = job_price(region, training.instance_type)
    if training.most_usd is None or price is None:
        return training.timeout_seconds
    usd = float(price["usd_per_hour"])
    ceiling = ceiling_seconds(training.most_usd, len(training.limited_jobs), usd)
    return min(training.timeout_seconds, ceiling)


def spot_of(file: TrainingFile, known: Algorithm | None) -> SpotSpec | None:
    """The spot capacity of a checked section."""
    if file.spot is None:
        return None
    keeps = known is None or known.keeps_checkpoints
    return SpotSpec(
        wait_seconds=seconds_of(file.spot.wait), checkpoints=file.spot.checkpoints and keeps
    )


def vpc_of(file: TrainingFile) -> VpcSpec | None:
    """The network of a checked section."""
    if file.vpc is None:
        return None
    return VpcSpec(subnets=tuple(file.vpc.subnets), security_groups=tuple(file.vpc.security_groups))


def tuning_of(file: TrainingFile, known: Algorithm | None) -> TuningSpec | None:
    """The tuning of a checked section."""
    tune = file.tune
    if tune is None:
        return None
    goal = tune.goal
    if known is not None:
        goal = Goal(known.metrics[tune.objective])
    if goal is None:
        raise ValueError(f"{tune.objective} has no goal: the rules of the file were not checked")
    table = {} if known is None else known.hyperparameters
    return TuningSpec(
        objective=tune.objective,
        goal=goal,
        ranges=tuple(_range(name, each, table.get(name)) for name, each in tune.ranges.items()),
        strategy=tune.strategy,
        most_jobs=tune.most_jobs,
        parallel=tune.parallel,
        early_stopping=tune.early_stopping,
    )


def _range(name: str, given: RangeFile, known: Hyperparameter | None) -> RangeSpec:
    if given.least is None or given.most is None:
        return RangeSpec(name=name, kind="Categorical", values=tuple(given.values))
    integer = given.least.is_integer() and given.most.is_integer()
    if given.kind is not None:
        integer = given.kind == "integer"
    if known is not None:
        integer = known.kind == "int"
    return RangeSpec(
        name=name,
        kind="Integer" if integer else "Continuous",
        least=number_text(given.least, whole=integer),
        most=number_text(given.most, whole=integer),
        scale=given.scale,
    )
