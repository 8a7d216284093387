"""One dashboard a stage: what each slot of each model does, and how releases ended. For people."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stacks.components.blueprint import Blueprint
from stacks.components.functions import NAMESPACE
from tidegate.slots import Slot

DASHBOARD = "Dashboard"
_WIDTH, _HEIGHT, _ROW = 8, 6, 24
_PERIOD_SECONDS = 60
MOST_MODELS = 150
"""A dashboard takes 500 widgets (CloudWatch quotas); a model has three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A model and the endpoint of each slot."""

    model: str
    endpoints: Mapping[Slot, str]


def add_dashboard(blueprint: Blueprint, models: Sequence[Shown], *, region: str) -> None:
    """The dashboard is there, with the first 150 models by name."""
    body = json.dumps({"widgets": widgets(models, region=region)}, separators=(",", ":"))
    blueprint.add(DASHBOARD, "AWS::CloudWatch::Dashboard", {"DashboardBody": body})


def widgets(models: Sequence[Shown], *, region: str) -> list[dict[str, Any]]:
    """Three widgets a model, and one of releases."""
    shown = sorted(models, key=lambda each: each.model)[:MOST_MODELS]
    found = [_releases(shown, region)]
    for row, each in enumerate(shown):
        for column, (title, metric, statistic) in enumerate(_GRAPHS):
            place = {"x": column * _WIDTH, "y": (row + 1) * _HEIGHT}
            metrics = [
                ["AWS/SageMaker", metric, "EndpointName", endpoint, "VariantName", slot.value]
                for slot, endpoint in each.endpoints.items()
            ]
            title_ = f"{each.model}: {title}"
            found.append({**place, **_graph(title_, metrics, statistic, region)})
    return found


_GRAPHS = (
    ("requests by slot", "Invocations", "Sum"),
    ("share of failed requests", "Invocation5XXErrors", "Average"),
    ("latency, 90th percentile (microseconds)", "ModelLatency", "p90"),
)


def _releases(models: Sequence[Shown], region: str) -> dict[str, Any]:
    metrics = [
        [NAMESPACE, name, "Model", each.model]
        for each in models
        for name in ("Promoted", "CandidateRequests")
    ]
    graph = _graph("releases: promoted, and what candidates served", metrics, "Sum", region)
    return {**graph, "x": 0, "y": 0, "width": _ROW}


def _graph(title: str, metrics: list[list[str]], statistic: str, region: str) -> dict[str, Any]:
    return {
        "type": "metric",
        "width": _WIDTH,
        "height": _HEIGHT,
        "properties": {
            "title": title,
            "region": region,
            "view": "timeSeries",
            "stat": statistic,
            "period": _PERIOD_SECONDS,
            "metrics": metrics,
        },
    }
