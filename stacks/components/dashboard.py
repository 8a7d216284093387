"""One dashboard a stage: what each slot of each model does, how releases stand, what was refused.

For people. Metrics of the product are found by their dimensions' names and what is known of their
values: models and reasons are, claims and verdicts are whatever the judge published.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stacks.components.blueprint import Blueprint
from tidegate import announcement, outcomes
from tidegate.metrics import NAMESPACE
from tidegate.slots import Slot

DASHBOARD = "Dashboard"
_WIDTH, _HEIGHT, _ROW = 8, 6, 24
_PERIOD_SECONDS = 60
_WIDGETS_A_MODEL = 6
MOST_MODELS = 80
"""A dashboard takes 500 widgets (CloudWatch quotas); a model has six, the stage two."""

Widget = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A model and the endpoint of each slot; one that answers later publishes other metrics."""

    model: str
    endpoints: Mapping[Slot, str]
    answers_later: bool = False


def add_dashboard(blueprint: Blueprint, models: Sequence[Shown], *, region: str) -> None:
    """The dashboard is there, with the first 80 models by name."""
    body = json.dumps({"widgets": widgets(models, region=region)}, separators=(",", ":"))
    blueprint.add(DASHBOARD, "AWS::CloudWatch::Dashboard", {"DashboardBody": body})


def widgets(models: Sequence[Shown], *, region: str) -> list[Widget]:
    """Two widgets of the stage, and six of each model: three of its slots, three of its release."""
    shown = sorted(models, key=lambda each: each.model)[:MOST_MODELS]
    found = [*_of_stage(shown, region)]
    for row, each in enumerate(shown):
        graphs = (*_of_slots(each, region), *_of_release(each, region))
        for place, graph in enumerate(graphs):
            line, column = divmod(place, _ROW // _WIDTH)
            x, y = column * _WIDTH, (1 + 2 * row + line) * _HEIGHT
            found.append({**graph, "x": x, "y": y})
    return found


_GRAPHS = (
    ("requests by slot", "Invocations", "Sum"),
    ("share of failed requests", "Invocation5XXErrors", "Average"),
    ("latency, 90th percentile (microseconds)", "ModelLatency", "p90"),
)
_LATER = (
    ("answers by slot", "InvocationsProcessed", "Sum"),
    ("failed requests", "InvocationFailures", "Sum"),
    ("from the queue to the answer, 90th percentile (ms)", "TotalProcessingTime", "p90"),
)


def _of_slots(each: Shown, region: str) -> Iterator[Widget]:
    for title, metric, statistic in _LATER if each.answers_later else _GRAPHS:
        metrics = [
            ["AWS/SageMaker", metric, "EndpointName", endpoint, "VariantName", slot.value]
            for slot, endpoint in each.endpoints.items()
        ]
        yield _graph(f"{each.model}: {title}", metrics, statistic, region)


def _of_release(each: Shown, region: str) -> Iterator[Widget]:
    shares = [
        [NAMESPACE, announcement.SHARE, announcement.MODEL, each.model, announcement.SLOT, slot]
        for slot in (slot.value for slot in each.endpoints)
    ]
    yield _graph(f"{each.model}: share of the traffic (percent)", shares, "Maximum", region)
    evidence = _search(announcement.EVIDENCE, "Maximum", announcement.CLAIM, model=each.model)
    limit = {"annotations": {"horizontal": [{"value": 100, "label": "proven"}]}}
    title = f"{each.model}: evidence (percent of the limit)"
    yield _graph(title, [[{"expression": evidence}]], "Maximum", region, **limit)
    verdicts = _search(announcement.VERDICTS, "Sum", announcement.VERDICT, model=each.model)
    exposed = [NAMESPACE, announcement.EXPOSURE, announcement.MODEL, each.model]
    both: list[Any] = [
        [*exposed, {"stat": "Maximum", "label": "requests the candidate served"}],
        [{"expression": verdicts, "yAxis": "right"}],
    ]
    yield _graph(f"{each.model}: exposure, and verdicts", both, "Maximum", region)


def _search(metric: str, statistic: str, dimension: str, *, model: str) -> str:
    """All metrics of a model that differ in one dimension.

    Source: CloudWatch user guide, "CloudWatch search expression syntax".
    """
    names = ",".join((NAMESPACE, *sorted((announcement.MODEL, dimension))))
    wanted = f'MetricName="{metric}" {announcement.MODEL}="{model}"'
    return f"SEARCH('{{{names}}} {wanted}', '{statistic}', {_PERIOD_SECONDS})"


def _of_stage(models: Sequence[Shown], region: str) -> Iterator[Widget]:
    ends = [
        [NAMESPACE, name, announcement.MODEL, each.model]
        for each in models
        for name in (announcement.PROMOTED, announcement.RELEASE_SECONDS)
    ]
    title = "releases that ended: promoted or not, and how long they took"
    yield {**_graph(title, ends, "Maximum", region), "x": 0, "y": 0, "width": _ROW // 2}
    names = ",".join((NAMESPACE, *sorted((outcomes.MODEL, outcomes.REASON))))
    reasons = [
        [
            {
                "expression": f"SUM(SEARCH('{{{names}}} "
                f'MetricName="{outcomes.REFUSED}" {outcomes.REASON}="{reason}"\', '
                f"'Sum', {_PERIOD_SECONDS}))",
                "label": reason,
                "id": f"reason{number}",
            }
        ]
        for number, reason in enumerate(outcomes.REASONS, start=1)
    ]
    graph = _graph("outcomes that were refused, by reason", reasons, "Sum", region)
    yield {**graph, "x": _ROW // 2, "y": 0, "width": _ROW // 2}


def _graph(title: str, metrics: Sequence[Any], statistic: str, region: str, **more: Any) -> Widget:
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
            **more,
        },
    }
