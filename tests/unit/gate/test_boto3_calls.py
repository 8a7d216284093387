"""Calls of boto3 in Python code, held against the service models as far as they are written."""

from pathlib import Path
from textwrap import dedent

import pytest

from gate.calls import calls_faults

ROOT = Path(__file__).parents[3]

BAD = [
    ('boto3.client("sagemaker").describe_endpiont(EndpointName="e")', "no operation"),
    ('boto3.client("sagemaker").describe_endpoint(Name="e")', "Name is unknown"),
    ('boto3.client("sagemaker").describe_endpoint()', "EndpointName is missing"),
    ('boto3.client("sagemaker").describe_endpoint(EndpointName=1)', "string expected"),
    (f'boto3.client("sagemaker").describe_endpoint(EndpointName="{"e" * 64}")', "maximum 63"),
    ('boto3.client("sagemaker").describe_endpoint(EndpointName="a_b")', "does not match"),
    (
        'boto3.client("dynamodb").query(TableName="t", Select="EVERYTHING")',
        "is none of ALL_ATTRIBUTES",
    ),
    (
        'boto3.client("sns").publish(TopicArn="t", Message="m", MessageAttributes={"a": {}})',
        "DataType is missing",
    ),
]
GOOD = [
    'boto3.client("sagemaker").describe_endpoint(EndpointName=name)',
    'boto3.client("sagemaker").describe_endpoint(**request)',
    'boto3.client("sagemaker").get_paginator("list_models")',
    'boto3.client("dynamodb").put_item(TableName="t", Item={**rest, "a": {"S": "b"}})',
    'boto3.client(service).describe_endpiont(EndpointName="e")',
    'unknown.describe_endpiont(EndpointName="e")',
]


def _faults(folder: Path, text: str) -> list[str]:
    file = folder / "code.py"
    file.write_text(dedent(text))
    return [finding.fault.wrong for finding in calls_faults([file])]


@pytest.mark.parametrize(("call", "words"), BAD)
def test_bad_call_is_found(tmp_path: Path, call: str, words: str):
    """What the service would refuse is said before anybody asks it."""
    assert any(words in fault for fault in _faults(tmp_path, call))


@pytest.mark.parametrize("call", GOOD)
def test_good_and_unknown_calls_are_left_alone(tmp_path: Path, call: str):
    """What is computed is left to the run."""
    assert _faults(tmp_path, call) == []


CLIENTS = """
    import boto3
    class Adapter:
        client: "SageMakerClient"
        def __init__(self, other: SageMakerClient) -> None:
            self.client = other
            self.session = boto3.Session()
            self.queue = self.session.client("sqs")
        def ask(self) -> None:
            self.client.describe_endpoint(Name="e")
            self.queue.send_message(QueueUrl="q")
    def made() -> SageMakerClient: ...
    def ask(client: SageMakerClient) -> None:
        client.describe_endpoint(Name="e")
        made().describe_endpoint(Name="e")
"""


def test_clients_are_known_by_annotation_and_assignment(tmp_path: Path):
    """Parameters, attributes, sessions' clients and functions that return one."""
    faults = _faults(tmp_path, CLIENTS)

    assert sum("MessageBody is missing" in fault for fault in faults) == 1
    assert sum("Name is unknown" in fault for fault in faults) >= 2


def test_place_is_file_and_line(tmp_path: Path):
    """An editor can go there."""
    file = tmp_path / "code.py"
    file.write_text('import boto3\nboto3.client("sagemaker").list_model()\n')

    (finding,) = calls_faults([tmp_path])

    assert (finding.place.file, finding.place.line) == (str(file), 2)


def test_calls_of_the_product_are_right():
    """What is written out in the adapters holds against the models."""
    assert [str(f.fault.wrong) for f in calls_faults([ROOT / "lambda", ROOT / "cli"])] == []
