"""Settings of a service that forecasts demand, and what AWS takes.

Sources: SageMaker API reference, TimeSeriesForecastingJobConfig; Amazon Forecast developer guide,
"Guidelines and quotas". Frequencies are those that both take.
"""

import re
from dataclasses import dataclass
from typing import Annotated

from tidegate.ai.limits import Between, Length, Matches, OneOf

SAGEMAKER, FORECAST = "sagemaker", "forecast"
ENGINES = (SAGEMAKER, FORECAST)
FREQUENCIES = ("Y", "M", "W", "D", "H", "30min", "15min", "10min", "5min", "1min")
CLOSED = "2024-07-29"
"""Since when new customers do not get Amazon Forecast."""
MOST_HORIZON = 500
"""The most periods ahead (Forecast's quota; the same is asked of SageMaker)."""
_COLUMN = Length(least=1, most=200)
_QUANTILE = Matches(pattern="p[1-9][0-9]?", words="p1 to p99")
_NIGHTLY = "cron(0 2 * * ? *)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastSettings:
    """Demand by item, for the periods to come, with how sure that is."""

    engine: Annotated[
        str,
        "sagemaker: SageMaker's AutoML for time series, whose model runs as a batch transform and "
        f"bills nothing while idle. forecast: Amazon Forecast, closed to new customers since "
        f"{CLOSED}.",
        OneOf(ENGINES),
    ] = SAGEMAKER
    item: Annotated[
        str, "Column of the files of sales that names the item (such as a colour).", _COLUMN
    ] = "item_id"
    time: Annotated[str, "Column with the date, or the date and time.", _COLUMN] = "timestamp"
    target: Annotated[
        str, "Column with how much was sold; rows of one item and period are summed.", _COLUMN
    ] = "demand"
    frequency: Annotated[
        str, "The periods that are forecast: a year, a month, ... a minute.", OneOf(FREQUENCIES)
    ] = "D"
    horizon: Annotated[
        int,
        "How many periods ahead; the history must be at least three times as long.",
        Between(least=1, most=MOST_HORIZON),
    ] = 14
    quantiles: Annotated[
        tuple[Annotated[str, _QUANTILE], ...],
        "p90 is what demand stays under nine times in ten, and so on.",
        Length(least=1, most=5),
    ] = ("p10", "p50", "p90")
    schedule: Annotated[
        str,
        "When a set of forecasts is made (EventBridge, in UTC); without new sales none is.",
        Matches(pattern=r"(cron|rate)\([0-9A-Za-z ,\-*?/#]+\)", words="cron(...) or rate(...)"),
    ] = _NIGHTLY
    train_days: Annotated[
        int,
        "After how many days a model is trained anew; the sets in between are made by the old one.",
        Between(least=1, most=365),
    ] = 30
    most_training_minutes: Annotated[
        int,
        "How long SageMaker may search for a model; it bills by the instance's time.",
        Between(least=30, most=10_080),
    ] = 360
    instance: Annotated[
        str,
        "Instance that SageMaker's model runs on while it forecasts.",
        Matches(pattern=r"ml\.[a-z0-9-]+\.[a-z0-9]+", words="a type such as ml.m5.xlarge"),
    ] = "ml.m5.xlarge"


def faults(settings: ForecastSettings) -> tuple[str, ...]:
    """Columns and quantiles differ from one another."""
    found = []
    if len(set(settings.quantiles)) < len(settings.quantiles):
        found.append(f"quantiles are {', '.join(settings.quantiles)}, each may be told once")
    named = {"item": settings.item, "time": settings.time, "target": settings.target}
    if len(set(named.values())) < len(named):
        shown = ", ".join(f"{name} {column}" for name, column in named.items())
        found.append(f"item, time and target must be different columns: {shown}")
    return tuple(found)


def shares(settings: ForecastSettings) -> tuple[str, ...]:
    """The quantiles as Amazon Forecast names them: p5 is 0.05."""
    return tuple(str(int(re.sub("^p", "", name)) / 100) for name in settings.quantiles)
