"""A service of forecasts whose AWS is a fake: sales that came, and runs to their end."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.ai_fakes import PLACE, FakeCalls, FakeFiles, fake_ports
from tidegate.ai.forecast import KIND
from tidegate.ai.forecast.resources import resources_of
from tidegate.ai.forecast.runs import begin_run, look
from tidegate.ai.forecast.settings import ForecastSettings
from tidegate.ai.kind import Arrived, Waiting
from tidegate.ai.ports import ServicePorts

WORK = "0123456789abcdef0123456789abcdef"
RUN = Arrived(key="in/runs/1.json", name="1.json", size=2, work=WORK)
NIGHT = Arrived(key="timer/nightly/x", name="x", size=0, work="f" * 32)
ROLE = "arn:aws:iam::123456789012:role/forecast"
SALES = b"item_id,timestamp,demand\nred,2026-01-01,3\nblue,2026-01-02,4.5\n"
TABLE = (
    "item_id,timestamp,p10,p50,p90,mean\n"
    "red,2026-02-02 00:00:00,2,3,4,3\n"
    "red,2026-02-01 00:00:00,1,2,3,2\n"
    "blue,2026-02-01 00:00:00,5,6,7,6\n"
)
CANDIDATE = {
    "CandidateName": "best",
    "ObjectiveStatus": "Succeeded",
    "CandidateSteps": [],
    "CandidateStatus": "Completed",
    "InferenceContainers": [{"Image": "image", "ModelDataUrl": "s3://files/models/m.tar.gz"}],
    "FinalAutoMLJobObjectiveMetric": {"MetricName": "AverageWeightedQuantileLoss", "Value": 0.1},
    "CandidateProperties": {"CandidateMetrics": [{"MetricName": "WAPE", "Value": 0.05}]},
}
Answers = dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]]


def sagemaker(**changes: Any) -> Answers:
    """Jobs that are over, unless told otherwise."""
    training = {"AutoMLJobStatus": "Completed", "BestCandidate": CANDIDATE}
    transform = {"TransformJobStatus": "Completed"}
    return {
        "sagemaker:CreateAutoMLJobV2": lambda _given: {"AutoMLJobArn": "arn"},
        "sagemaker:DescribeAutoMLJobV2": lambda _given: changes.get("training", training),
        "sagemaker:CreateModel": lambda _given: {"ModelArn": "arn"},
        "sagemaker:CreateTransformJob": lambda _given: {"TransformJobArn": "arn"},
        "sagemaker:DescribeTransformJob": lambda _given: changes.get("transform", transform),
        "sagemaker:DeleteModel": lambda _given: {},
    }


def ports(answers: Answers | None = None, **settings: Any) -> Any:
    """A service to which sales have come."""
    chosen = ForecastSettings(**settings)
    told = {**resources_of(chosen, PLACE).told, "role": ROLE}
    made = fake_ports(
        KIND, sagemaker() if answers is None else answers, settings=chosen, resources=told
    )
    files: FakeFiles = made.files  # type: ignore[assignment]
    kept = b"red,2026-01-01 00:00:00,3.0\nblue,2026-01-02 00:00:00,4.5\n"
    files.content |= {"in/sales/a.csv": SALES, "history/a.csv": kept, RUN.key: b"{}"}
    return made


def sales(name: str, content: bytes) -> Arrived:
    """A file of sales."""
    return Arrived(key=f"in/sales/{name}", name=name, size=len(content), work=WORK)


def asked(made: ServicePorts) -> list[str]:
    """The operations that were called."""
    calls: FakeCalls = made.calls  # type: ignore[assignment]
    return [name.partition(":")[2] for name in calls.names()]


def finished(made: Any, arrived: Arrived = RUN, progress: Any = None) -> Any:
    """The result of a run whose every step is over when it is looked at."""
    made.files.content[f"runs/{arrived.work}/forecast/history.csv.out"] = TABLE.encode()
    found = begin_run(arrived, made) if progress is None else progress
    while isinstance(found, Waiting):
        found = look(arrived, json.loads(json.dumps(found.state)), made)
    return found.result
