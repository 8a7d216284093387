"""The routes: the forecast of an item, what is known of the model."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from tidegate.ai.forecast.runs import current_model
from tidegate.ai.forecast.sets import Points, current_set, points_of, table_key
from tidegate.ai.limits import Length, Matches
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import invalid, not_found

_DATE = Matches(
    pattern=r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?)?",
    words="a date, or a date and time, such as 2026-12-01",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemAsked:
    """Whose forecast is asked for."""

    item: Annotated[str, "The item, as the sales name it.", Length(least=1, most=256)]
    begin: Annotated[
        str | None, "The first period, in UTC; left out: the first there is.", _DATE
    ] = None
    end: Annotated[str | None, "The last period, in UTC; left out: the last there is.", _DATE] = (
        None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A period: when it begins, in UTC, and what demand stays under by quantile (p10 and so on)."""

    time: str
    quantiles: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemForecast:
    """The forecast of an item, of the set that was made last."""

    item: str
    made_at: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAsked:
    """Nothing needs to be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelKnown:
    """The model that there is, what its backtest lost, and the set that was made last.

    `losses` are by AWS's names: AverageWeightedQuantileLoss, WAPE and so on, and of Amazon Forecast
    wQL[0.1] for each quantile.
    """

    engine: str
    trained_at: str
    losses: Mapping[str, float]
    set_made_at: str | None = None
    table: str | None = None


def forecast_of(request: ItemAsked, ports: ServicePorts) -> ItemForecast:
    """The item's periods from `begin` to `end`, both included."""
    begin, end = _checked("begin", request.begin), _checked("end", request.end)
    told = current_set(ports)
    if told is None:
        raise not_found("there are no forecasts yet: send sales, and ask for a run")
    points = points_of(request.item, told, ports)
    if points is None:
        raise not_found("no sales of this item were known when the forecasts were made")
    return ItemForecast(
        item=request.item,
        made_at=_moment(float(told["made_at"])),
        points=tuple(_within(points, begin, end)),
    )


def _checked(name: str, text: str | None) -> str | None:
    """A date as points have it; the form alone allows 2026-02-31."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).isoformat(timespec="seconds")
    except ValueError as error:
        raise invalid([f"{name} is {text}, which is no date"]) from error


def _within(points: Points, begin: str | None, end: str | None) -> list[Point]:
    return [
        Point(
            time=point["time"],
            quantiles={name: value for name, value in point.items() if name != "time"},
        )
        for point in points
        if (begin is None or point["time"] >= begin) and (end is None or point["time"] <= end)
    ]


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat(timespec="seconds")


def model_known(_request: ModelAsked, ports: ServicePorts) -> ModelKnown:
    """Of the settings as they are now."""
    model = current_model(ports)
    if model is None:
        raise not_found("no model was trained for these settings yet: ask for a run")
    told = current_set(ports)
    return ModelKnown(
        engine=model["for"]["engine"],
        trained_at=_moment(float(model["trained_at"])),
        losses=dict(model["losses"]),
        set_made_at=None if told is None else _moment(float(told["made_at"])),
        table=None if told is None else table_key(str(told["work"])),
    )
