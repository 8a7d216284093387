"""Forecasts by quantile regression on trend and seasons, a model for every series (scikit-learn).

Quantiles are those of Koenker and Bassett (1978), by `sklearn.linear_model.QuantileRegressor`; the
mean is by least squares. Features are a linear trend, and for each season that the history has
twice, its periods (up to 24 of them) or its first four Fourier pairs. Quantiles are put in order,
and forecasts of what never was negative are not negative. Losses are as Amazon Forecast's developer
guide defines them ("Evaluating predictor accuracy").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LinearRegression, QuantileRegressor

ENGINE = "scikit-learn-quantile-regression"
MEAN = "mean"
_MOST_PERIODS = 1_000
"""The latest periods that a model is fitted to."""
_MOST_DUMMIES = 24
_FOURIER_PAIRS = 4

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Forecast = dict[str, list[float]]
"""By type (`0.1`, `mean`), a value for each period."""


def forecast(
    values: Sequence[float],
    *,
    last: int,
    horizon: int,
    types: Sequence[str],
    seasons: Sequence[float],
) -> Forecast:
    """The periods after the last one, whose number is `last`."""
    history = np.asarray(values[-_MOST_PERIODS:], dtype=np.float64)
    periods = np.arange(last - len(history) + 1, last + 1, dtype=np.float64)
    ahead = np.arange(last + 1, last + horizon + 1, dtype=np.float64)
    known = [season for season in seasons if len(history) >= 2 * season]
    seen, unseen = _features(periods, periods, known), _features(ahead, periods, known)
    found = {kind: _fitted(kind, seen, history, unseen) for kind in types}
    if history.min() >= 0.0:
        found = {kind: np.maximum(predicted, 0.0) for kind, predicted in found.items()}
    return {kind: predicted.tolist() for kind, predicted in _in_order(found).items()}


def _features(periods: Array, fitted: Array, seasons: Sequence[float]) -> Array:
    columns = [(periods - fitted[0]) / max(len(fitted), 1)]
    for season in seasons:
        if season <= _MOST_DUMMIES and float(season).is_integer():
            place = np.mod(periods, season)
            columns += [(place == each).astype(np.float64) for each in range(1, int(season))]
        else:
            angle = 2.0 * np.pi * periods / season
            for pair in range(1, _FOURIER_PAIRS + 1):
                columns += [np.sin(pair * angle), np.cos(pair * angle)]
    return np.column_stack(columns)


def _fitted(kind: str, seen: Array, history: Array, unseen: Array) -> Array:
    if kind == MEAN:
        model = LinearRegression()
    else:
        model = QuantileRegressor(quantile=float(kind), alpha=0.0, solver="highs")
    predicted: Array = model.fit(seen, history).predict(unseen)
    return predicted


def _in_order(found: Mapping[str, Array]) -> dict[str, Array]:
    """The quantiles of each period in order, the mean as it is."""
    kinds = sorted((kind for kind in found if kind != MEAN), key=float)
    if not kinds:
        return dict(found)
    ordered = np.sort(np.vstack([found[kind] for kind in kinds]), axis=0)
    return {**found, **dict(zip(kinds, ordered, strict=True))}


@dataclass(frozen=True, kw_only=True, slots=True)
class Backtest:
    """What was predicted of periods that were known, beside what they were."""

    actual: Sequence[Sequence[float]]
    predicted: Sequence[Forecast]
    naive_errors: Sequence[float]
    """Of each series the mean error of repeating its last season, in the part before."""

    def metrics(self, types: Sequence[str]) -> dict[str, float]:
        """WAPE, RMSE, MAPE and MASE of the median or mean, and the loss of each quantile."""
        point = "0.5" if "0.5" in types else MEAN if MEAN in types else types[0]
        actual = np.asarray(self.actual, dtype=np.float64)
        found = np.asarray([each[point] for each in self.predicted], dtype=np.float64)
        errors = np.abs(actual - found)
        total = max(float(np.abs(actual).sum()), 1e-12)
        not_zero = np.abs(actual) > 0.0
        scale = np.maximum(np.asarray(self.naive_errors, dtype=np.float64), 1e-12)
        metrics = {
            "WAPE": float(errors.sum()) / total,
            "RMSE": float(np.sqrt(np.mean(errors**2))),
            "MAPE": float(np.mean(errors[not_zero] / np.abs(actual)[not_zero]))
            if not_zero.any()
            else 0.0,
            "MASE": float(np.mean(errors.mean(axis=1) / scale)),
        }
        losses = {
            f"wQL[{kind}]": 2.0 * self._loss(actual, kind) / total for kind in types if kind != MEAN
        }
        average = sum(losses.values()) / len(losses) if losses else metrics["WAPE"]
        return {**metrics, **losses, "AverageWeightedQuantileLoss": average}

    def _loss(self, actual: Array, kind: str) -> float:
        quantile = float(kind)
        found = np.asarray([each[kind] for each in self.predicted], dtype=np.float64)
        over = np.maximum(found - actual, 0.0)
        under = np.maximum(actual - found, 0.0)
        return float((quantile * under + (1.0 - quantile) * over).sum())


def backtest(
    series: Sequence[Sequence[float]],
    *,
    last: int,
    horizon: int,
    types: Sequence[str],
    seasons: Sequence[float],
) -> Backtest:
    """The last periods predicted from those before, of each series that is long enough."""
    kept = [values for values in series if len(values) > horizon + 1]
    before = [values[:-horizon] for values in kept]
    predicted = [
        forecast(values, last=last - horizon, horizon=horizon, types=types, seasons=seasons)
        for values in before
    ]
    return Backtest(
        actual=[values[-horizon:] for values in kept],
        predicted=predicted,
        naive_errors=[_naive_error(values, seasons) for values in before],
    )


def _naive_error(values: Sequence[float], seasons: Sequence[float]) -> float:
    fitting = [round(season) for season in seasons if len(values) > round(season)]
    lag = fitting[0] if fitting else 1
    history = np.asarray(values, dtype=np.float64)
    return float(np.mean(np.abs(history[lag:] - history[:-lag]))) if len(history) > lag else 0.0
