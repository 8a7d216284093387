"""The table of services: dated, sourced, complete, and what the rules say of it."""

import re
from pathlib import Path

import pytest
from botocore.session import get_session

from gate import schemas
from gate.calls import calls_faults
from gate.finding import Severity
from gate.lifecycle import Standing, as_of, closed_client, closed_type, services

COURSE = (
    *("Comprehend", "CodeGuru Reviewer", "CodeGuru Profiler", "Lex V2", "Forecast", "Polly"),
    *("Rekognition", "Textract", "Transcribe", "Translate", "Kendra", "Personalize"),
    *("Fraud Detector", "SageMaker Ground Truth", "AWS Marketplace", "Greengrass V2"),
)
GONE = {"AWS::LookoutMetrics::", "AWS::LookoutVision::"}
"""Their types are gone from the schemas, too; an old template may still name them."""


def test_every_service_of_the_course_is_in_it():
    """By the name it has today."""
    assert [name for name in COURSE if name not in {one.name for one in services()}] == []


def test_what_is_not_open_has_something_instead():
    """And every row has a source; dates are dates."""
    assert [one.name for one in services() if not one.usable and one.instead is None] == []
    assert [one.name for one in services() if not one.source or not one.job] == []
    dates = [as_of(), *(one.since for one in services() if one.since is not None)]
    assert [date for date in dates if re.fullmatch(r"20\d\d-\d\d(-\d\d)?", date) is None] == []


def test_types_and_clients_are_those_of_aws():
    """As CloudFormation's schemas and botocore name them."""
    types = schemas.types_in("us-east-1")
    named = {kind for one in services() for kind in one.types} - GONE
    assert [kind for kind in named if not any(found.startswith(kind) for found in types)] == []
    clients = get_session().get_available_services()
    assert [c for one in services() for c in one.clients if c not in clients] == []


def test_a_type_is_of_its_service_only():
    """`Device` is Edge Manager's, Greengrass V2 is not V1, and an endpoint is nobody's who left."""
    found = closed_type("AWS::SageMaker::Device")
    assert found is not None
    assert found.told == "ended on 2024-04-26"
    assert closed_type("AWS::GreengrassV2::ComponentVersion") is None
    assert closed_type("AWS::SageMaker::Endpoint") is None
    assert closed_client("lexv2-models") is None


def test_a_date_that_was_not_read_again_says_so():
    """Forecast's closing is remembered."""
    found = closed_type("AWS::Forecast::Dataset")
    assert found is not None
    assert found.told == "closed to new customers since 2024-07-29 (as remembered)"


@pytest.mark.parametrize(
    ("client", "severity", "wrong"),
    [
        ("kendra", Severity.NOTE, "Kendra: closed to new customers since 2026-07-30"),
        ("lex-models", Severity.ERROR, "Lex V1: ended on 2025-09-15"),
    ],
)
def test_a_client_of_a_closed_service_is_told(
    tmp_path: Path, client: str, severity: Severity, wrong: str
):
    """A note where an old account may have it ("closed-client"), an error where nobody does."""
    file = tmp_path / "code.py"
    file.write_text(f'import boto3\nsearch = boto3.client("{client}")\n')
    (finding,) = calls_faults([file])
    assert (finding.rule, finding.severity) == ("closed-client", severity)
    assert (finding.fault.wrong, finding.fault.place.line) == (wrong, 2)
    assert finding.fault.advice.startswith("take ")


def test_an_open_one_is_not(tmp_path: Path):
    """Nothing is said."""
    file = tmp_path / "code.py"
    file.write_text('import boto3\nvoice = boto3.client("polly")\n')
    assert list(calls_faults([file])) == []
    assert {one.standing for one in services()} == set(Standing)
