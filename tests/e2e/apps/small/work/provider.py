"""Answers custom resource requests; deployed inline."""

# ruff: noqa: S310 - CloudFormation gives the URL

import json
import urllib.request


def handle(event: dict, _context: object) -> None:
    """The response is on the response URL."""
    answer = {
        "Status": "SUCCESS",
        "PhysicalResourceId": "thing",
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": {"Said": event["ResourceProperties"]["Greeting"]},
    }
    request = urllib.request.Request(
        event["ResponseURL"], data=json.dumps(answer).encode(), method="PUT"
    )
    urllib.request.urlopen(request)
