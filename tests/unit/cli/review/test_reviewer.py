"""A review by CodeGuru Reviewer: the archive goes there and away again, findings come back."""

from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from cli.exits import CommandError
from cli.review.engines import reviewed
from cli.review.findings import Engine
from cli.review.reviewer import Reviewer

ARN = "arn:aws:codeguru-reviewer:eu-west-1:111122223333:association:" + "0" * 8 + "-0000" * 3
ASSOCIATION = f"{ARN}-{'0' * 12}"
REVIEW = "arn:aws:codeguru-reviewer:eu-west-1:111122223333:code-review:r"
BUCKET = "codeguru-reviewer-111122223333-demo"


class Service:
    """Clients that answer what a test queues."""

    def __init__(self) -> None:
        session = boto3.Session(
            aws_access_key_id="a", aws_secret_access_key="s", region_name="eu-west-1"
        )
        make: Any = session.client
        self.clients = {name: make(name) for name in ("codeguru-reviewer", "s3")}
        self.stubs = {name: Stubber(client) for name, client in self.clients.items()}
        for stub in self.stubs.values():
            stub.activate()

    def review(self, state: str, **more: Any) -> None:
        """An archive is put, reviewed to that state and taken away."""
        asked = self.stubs["codeguru-reviewer"]
        key = {"Bucket": BUCKET, "Key": "review-1.zip"}
        self.stubs["s3"].add_response("put_object", {}, {**key, "Body": ANY})
        self.stubs["s3"].add_response("delete_object", {}, key)
        asked.add_response(
            "describe_repository_association", {"RepositoryAssociation": {"Name": "demo"}}
        )
        asked.add_response("create_code_review", {"CodeReview": {"CodeReviewArn": REVIEW}})
        told = {"CodeReview": {"State": state, **more}}
        asked.add_response("describe_code_review", told, {"CodeReviewArn": REVIEW})

    def reviewer(self) -> Reviewer:
        """One that asks here."""
        return Reviewer(
            client=self.clients.__getitem__, association=ASSOCIATION, bucket=BUCKET, name="review-1"
        )


def recommendation(path: str, severity: str, rule: str) -> dict[str, Any]:
    """One, as the API tells it."""
    return {
        "FilePath": path,
        "StartLine": 3,
        "Severity": severity,
        "Description": "a\nb",
        "RuleMetadata": {"RuleId": f"python/{rule}@v1.0"},
    }


def test_recommendations_are_findings(tmp_path: Path):
    """Of every page, the worst first, without the rules to ignore."""
    (tmp_path / "a.py").write_text("x = 1\n")
    service = Service()
    service.review("Completed")
    pages = [
        {
            "RecommendationSummaries": [recommendation("a.py", "Info", "one")],
            "NextToken": "t",
        },
        {
            "RecommendationSummaries": [
                recommendation("b.py", "Critical", "two"),
                recommendation("b.py", "High", "three"),
            ]
        },
    ]
    for page in pages:
        service.stubs["codeguru-reviewer"].add_response("list_recommendations", page)
    found = service.reviewer().reviewed(tmp_path, ["a.py"], ignore=frozenset({"three"}))
    told = [(each.place, each.rule, each.severity.value, each.text) for each in found.findings]
    assert told == [("b.py:3", "two", "high", "a b"), ("a.py:3", "one", "low", "a b")]
    for stub in service.stubs.values():
        stub.assert_no_pending_responses()


def test_a_failed_review_says_why_and_takes_the_archive_away(tmp_path: Path):
    """The bucket is empty again."""
    service = Service()
    service.review("Failed", StateReason="too large")
    with pytest.raises(CommandError, match="too large"):
        service.reviewer().reviewed(tmp_path, [])
    service.stubs["s3"].assert_no_pending_responses()


def test_without_its_association_nothing_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Both variables are named."""
    for name in ("REVIEW_ASSOCIATION", "REVIEW_BUCKET"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(CommandError, match="REVIEW_ASSOCIATION and REVIEW_BUCKET"):
        reviewed(Engine.CODEGURU_REVIEWER, tmp_path, [], ignore=frozenset())
