"""Pages that come with the functions' code, and outcomes that are told as files."""

import json
import re

import boto3
import pytest
from moto import mock_aws

from tidegate.errors import NotFoundError
from tidegate_aws.ai.outcomes import OutcomeFiles
from tidegate_aws.ai.pages import PackagedPages
from tidegate_aws.ai.world import _resources
from tidegate_aws.settings import Variable


def test_pages_are_read_and_others_are_not_found() -> None:
    """By kind and name."""
    assert PackagedPages().text("labelling/page.html").startswith("<!doctype html>")
    with pytest.raises(NotFoundError):
        PackagedPages().text("labelling/none.html")


def test_the_page_has_nothing_that_its_policy_forbids() -> None:
    """No script or style in the markup, nothing from elsewhere."""
    text = PackagedPages().text("labelling/page.html")
    assert re.findall(r"<script(?! type=\"module\" src=\"page/script\")", text) == []
    assert "style=" not in text
    assert "<style" not in text
    assert re.findall(r"\son\w+=", text) == []
    for name in ("page.html", "page.js", "boxes.js", "page.css"):
        assert "http" not in PackagedPages().text(f"labelling/{name}").replace("HTTP", "")


def test_outcomes_are_a_file_of_the_services_own() -> None:
    """A line each; told again under the same name it is the same file."""
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="outcomes")
        files = OutcomeFiles(client=client, bucket="outcomes", service="shop-dev-sorting")
        for _ in range(2):
            files.tell("work-1", {"id-1": True, "id-2": False})
        listed = client.list_objects_v2(Bucket="outcomes")["Contents"]
        assert [one["Key"] for one in listed] == ["shop-dev-sorting/work-1.jsonl"]
        body = client.get_object(Bucket="outcomes", Key=listed[0]["Key"])["Body"].read()
    assert [json.loads(line) for line in body.splitlines()] == [
        {"prediction_id": "id-1", "wrong": True},
        {"prediction_id": "id-2", "wrong": False},
    ]


def test_the_pools_pages_are_where_all_of_aws_is() -> None:
    """At the SDKs' variable, such as of an embedded cloud; else where the stack says."""
    told = {
        Variable.AI_RESOURCES: '{"table": "t"}',
        Variable.AI_SIGN_IN: '{"pool_pages": "https://x.amazoncognito.com", "page_url": "p"}',
    }
    assert _resources(told)["pool_pages"] == "https://x.amazoncognito.com"
    here = _resources({**told, Variable.AWS_ENDPOINT_URL: "http://127.0.0.1:4566"})
    assert here == {"table": "t", "pool_pages": "http://127.0.0.1:4566", "page_url": "p"}
