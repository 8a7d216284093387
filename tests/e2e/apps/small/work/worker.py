"""Writes what it is given to the table."""

import os

import boto3


def handle(event: dict[str, str], _context: object) -> dict[str, str]:
    """The item is in the table."""
    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
    table.put_item(Item={"id": event["id"], "greeting": os.environ["GREETING"]})
    return {"id": event["id"], "greeting": os.environ["GREETING"]}
