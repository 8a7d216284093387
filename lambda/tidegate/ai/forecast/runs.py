"""Runs: at night or when asked for, a model is trained if it is time, and a set of forecasts made.

A run works on the sales as they were when it began. Without new sales there is nothing to forecast,
and nothing to pay for.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from tidegate.ai.forecast import legacy, sagemaker
from tidegate.ai.forecast.sagemaker import MODELS, history_key
from tidegate.ai.forecast.sales import HEADER, history_of
from tidegate.ai.forecast.sets import SetResult, current_set, publish, table_key
from tidegate.ai.forecast.settings import FORECAST, ForecastSettings
from tidegate.ai.kind import Arrived, Done, Progress
from tidegate.ai.parts import JSON, read_json
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import invalid
from tidegate.ai.steps import Engine, Model, Over, Step, again, started, waiting
from tidegate.ai.typed import read
from tidegate.errors import InvalidValueError

CURRENT_MODEL = f"{MODELS}current.json"
_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWanted:
    """A run that is asked for."""

    train: Annotated[bool, "Whether a model is trained, however young the one there is."] = False


def begin_run(arrived: Arrived, ports: ServicePorts) -> Progress:
    """What somebody asked for, in a file, is under way; it is made even without new sales."""
    try:
        wanted = read(RunWanted, json.loads(ports.files.read(arrived.key)), what="run")
    except InvalidValueError as error:
        raise invalid(error.faults) from error
    except ValueError as error:
        raise invalid(["the file is no JSON"]) from error
    return _begin(arrived, ports, train=wanted.train, news_only=False)


def begin_nightly(arrived: Arrived, ports: ServicePorts) -> Progress:
    """If sales came since the last set, the next one is under way."""
    return _begin(arrived, ports, train=False, news_only=True)


def _begin(arrived: Arrived, ports: ServicePorts, *, train: bool, news_only: bool) -> Progress:
    history, engine, now = history_of(ports), _engine(ports), ports.clock.now()
    if history is None:
        return Done(result=SetResult(made=False, why="no sales have come yet"))
    last = current_set(ports)
    if news_only and last is not None and last["digest"] == history.digest:
        return Done(result=SetResult(made=False, why="no sales came since the last set"))
    content = history.document(header=_header(ports))
    ports.files.write(history_key(arrived), content, content_type="text/csv; charset=utf-8")
    model = None if train else _young_model(ports, now)
    step = Step(
        name=engine.first(model),
        number=1,
        began=now,
        model=model,
        trained=False,
        digest=history.digest,
        run_began=now,
    )
    return started(arrived, step, engine, ports)


def look(arrived: Arrived, state: Mapping[str, Any], ports: ServicePorts) -> Progress:
    """The step goes on, is tried again, or is followed by the next one; the last brings the set."""
    engine, step = _engine(ports), Step.of(state)
    here = engine.steps[step.name]
    found = here.look(arrived, step, ports)
    if found is None:
        return waiting(step)
    if not isinstance(found, Over):
        return again(arrived, step, found, engine=engine, ports=ports)
    if found.model is not None:
        step = _with_model(step, found.model, engine, ports)
    following = here.follows(step)
    if following is not None:
        after = step.changed(name=following, number=1, began=ports.clock.now())
        return started(arrived, after, engine, ports)
    return _made(arrived, step, found, engine=engine, ports=ports)


def _engine(ports: ServicePorts) -> Engine:
    settings: ForecastSettings = ports.settings
    return legacy.ENGINE if settings.engine == FORECAST else sagemaker.ENGINE


def _header(ports: ServicePorts) -> bytes:
    """What begins the file of sales: Forecast knows its columns from the data set's schema."""
    return b"" if ports.settings.engine == FORECAST else HEADER


def _shape(settings: ForecastSettings) -> Mapping[str, Any]:
    """What a model is for: one for something else is of no use."""
    return {
        "engine": settings.engine,
        "frequency": settings.frequency,
        "horizon": settings.horizon,
        "quantiles": list(settings.quantiles),
    }


def current_model(ports: ServicePorts) -> Model | None:
    """The model of the settings as they are, None where there is none."""
    told: Model | None = read_json(ports.files, CURRENT_MODEL)
    return None if told is None or told["for"] != _shape(ports.settings) else told


def _young_model(ports: ServicePorts, now: float) -> Model | None:
    settings: ForecastSettings = ports.settings
    model = current_model(ports)
    if model is None or now - model["trained_at"] > settings.train_days * _DAY:
        return None
    return model


def _with_model(step: Step, made: Model, engine: Engine, ports: ServicePorts) -> Step:
    """The step with a model that the runs after it take as well."""
    before = current_model(ports)
    model = {**made, "trained_at": ports.clock.now(), "for": _shape(ports.settings)}
    content = json.dumps(model, sort_keys=True).encode()
    ports.files.write(CURRENT_MODEL, content, content_type=JSON)
    if before is not None:
        engine.forget(before, ports)
    return step.changed(model=model, trained=True)


def _made(
    arrived: Arrived, step: Step, found: Over, /, *, engine: Engine, ports: ServicePorts
) -> Progress:
    model = {} if step.model is None else step.model
    losses = dict(model.get("losses", {}))
    about = {
        "began": step.run_began,
        "digest": step.digest,
        "losses": losses,
        "trained_at": model.get("trained_at"),
        "made_at": ports.clock.now(),
    }
    tables = iter(()) if found.tables is None else found.tables
    items, periods = publish(arrived.work, tables, about, ports)
    engine.clean(arrived, step, ports)
    ports.metrics.put("ForecastItems", items)
    return Done(
        result=SetResult(
            made=True,
            trained=step.trained,
            items=items,
            periods=periods,
            table=table_key(arrived.work),
            losses=losses,
        )
    )
