"""The steps that ask versions of a built-in algorithm: a model of SageMaker, a transform job.

An algorithm's image runs no evaluation script, and nothing else reads what it trained. So each
version answers the same requests by a transform job, and the script compares answers with truths.
"""

from collections.abc import Iterator
from typing import Any

from stacks.components.training_parts import (
    JOB_ROLE,
    LIVE_ARTIFACT,
    Drawing,
    Json,
    get,
    joined,
    run_uri,
    without_none,
)
from stacks.project.algorithm_training import TEST
from stacks.project.training_spec import AlgorithmSpec

CANDIDATE, LIVE = "Candidate", "Live"
REQUESTS = "requests/"
_LINES = ("text/csv", "text/libsvm", "text/x-libsvm", "application/jsonlines")
"""Content types with a record a line, which a transform job may split and join."""
_LINE_ANSWERS = ("text/csv", "application/jsonlines")


def answers_of(which: str) -> Json:
    """Where the answers of a version are."""
    return run_uri(f"{which.lower()}-answers")


def asking_steps(drawing: Drawing, algorithm: AlgorithmSpec) -> Iterator[Json]:
    """Candidate and live version are models that have answered the requests of the test data."""
    yield from _asked(drawing, algorithm, CANDIDATE, drawing.artifact)
    if drawing.names.live is not None:
        yield from _asked(drawing, algorithm, LIVE, get(f"Parameters.{LIVE_ARTIFACT}"))


def ask_step(which: str) -> str:
    """The name of the step in which a version answers."""
    return f"Ask{which}"


def _asked(drawing: Drawing, algorithm: AlgorithmSpec, which: str, artifact: Any) -> Iterator[Json]:
    container = {
        "Image": drawing.names.image,
        "ModelDataUrl": artifact,
        "Environment": dict(sorted(drawing.model.environment.items())),
    }
    arguments = {
        "PrimaryContainer": container,
        "ExecutionRoleArn": f"${{{JOB_ROLE}.Arn}}",
        "VpcConfig": drawing.network,
    }
    yield {"Name": which, "Type": "Model", "Arguments": without_none(arguments)}
    by_line = algorithm.request_type.partition(";")[0] in _LINES
    joins = by_line and algorithm.answer_type in _LINE_ANSWERS
    source = {"S3DataType": "S3Prefix", "S3Uri": joined("/", drawing.data(TEST), REQUESTS)}
    if drawing.training.scripts.process is None:
        source["S3Uri"] = joined("", get("Parameters.InputData"), f"{TEST}/{REQUESTS}")
    yield {
        "Name": ask_step(which),
        "Type": "Transform",
        "Arguments": {
            "ModelName": get(f"Steps.{which}.ModelName"),
            "TransformInput": {
                "DataSource": {"S3DataSource": source},
                "ContentType": algorithm.request_type,
                "SplitType": "Line" if by_line else "None",
            },
            "TransformOutput": {
                "S3OutputPath": answers_of(which),
                "Accept": algorithm.answer_type,
                "AssembleWith": "Line" if joins else "None",
            },
            "BatchStrategy": "MultiRecord" if by_line else "SingleRecord",
            "TransformResources": {
                "InstanceCount": 1,
                "InstanceType": drawing.training.instance_type,
            },
        },
    }
