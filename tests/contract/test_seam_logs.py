import base64
import gzip
import json
from collections.abc import Callable
from typing import Any

from emulator.server import EmbeddedCloud

SOURCE = """
import json
def handle(event, context):
    for n in range(event["count"]):
        print(json.dumps({"kind": "observation" if n % 2 else "other", "n": n}))
"""
SINK = """
import json
def handle(event, context):
    print("got " + event["awslogs"]["data"])
"""


def _connected(
    cloud: EmbeddedCloud, make_function: Callable[..., str], *, permitted: bool
) -> tuple[str, str]:
    """A source whose observations go to a sink; their ARNs."""
    source, sink = make_function(SOURCE), make_function(SINK)
    session = cloud.session()
    group = f"/aws/lambda/{source.rpartition(':')[2]}"
    session.client("logs").create_log_group(logGroupName=group)
    if permitted:
        session.client("lambda").add_permission(
            FunctionName=sink,
            StatementId="logs",
            Action="lambda:InvokeFunction",
            Principal="logs.amazonaws.com",
            SourceArn=f"arn:aws:logs:{cloud.region}:{cloud.account}:log-group:{group}:*",
        )
    session.client("logs").put_subscription_filter(
        logGroupName=group,
        filterName="observations",
        filterPattern='{ $.kind = "observation" }',
        destinationArn=sink,
    )
    return source, sink


def _received(cloud: EmbeddedCloud, sink: str) -> list[dict[str, Any]]:
    """The batches that the sink printed."""
    logs = cloud.session().client("logs")
    group = f"/aws/lambda/{sink.rpartition(':')[2]}"
    known = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    events = logs.filter_log_events(logGroupName=group)["events"] if known else []
    data = [e["message"].split()[1] for e in events if e["message"].startswith("got ")]
    return [json.loads(gzip.decompress(base64.b64decode(item))) for item in data]


def test_printed_lines_reach_another_function_in_a_batch(
    ground_cloud: EmbeddedCloud,
    make_function: Callable[..., str],
    eventually: Callable[[Callable[[], Any]], Any],
):
    """What a function prints and a filter matches arrives in one invocation of another."""
    source, sink = _connected(ground_cloud, make_function, permitted=True)
    event = json.dumps({"count": 10})
    ground_cloud.session().client("lambda").invoke(FunctionName=source, Payload=event)

    batches = eventually(lambda: _received(ground_cloud, sink))

    assert len(batches) == 1
    numbers = [json.loads(e["message"])["n"] for e in batches[0]["logEvents"]]
    assert numbers == [1, 3, 5, 7, 9]
    assert batches[0]["subscriptionFilters"] == ["observations"]


def test_delivery_needs_the_functions_permission(
    ground_cloud: EmbeddedCloud,
    make_function: Callable[..., str],
    eventually: Callable[[Callable[[], Any]], Any],
):
    """A destination that does not permit CloudWatch Logs never runs."""
    refused_source, refused = _connected(ground_cloud, make_function, permitted=False)
    source, sink = _connected(ground_cloud, make_function, permitted=True)
    client = ground_cloud.session().client("lambda")
    event = json.dumps({"count": 2})
    client.invoke(FunctionName=refused_source, Payload=event)
    client.invoke(FunctionName=source, Payload=event)

    assert eventually(lambda: _received(ground_cloud, sink))
    assert _received(ground_cloud, refused) == []


def test_a_stream_keeps_its_newest_events_only(
    ground_cloud: EmbeddedCloud,
    make_function: Callable[..., str],
    eventually: Callable[[Callable[[], Any]], Any],
):
    """A function that prints for days fills no memory: the oldest lines of a stream go."""
    source = make_function(SOURCE)
    session = ground_cloud.session()
    event = json.dumps({"count": 2_100})
    session.client("lambda").invoke(FunctionName=source, Payload=event)
    group = f"/aws/lambda/{source.rpartition(':')[2]}"
    pages = session.client("logs").get_paginator("filter_log_events")

    def messages() -> list[str]:
        found = pages.paginate(logGroupName=group)
        every = [event["message"] for page in found for event in page["events"]]
        return every if any(message.startswith("REPORT") for message in every) else []

    kept = eventually(messages)

    assert len(kept) == 2_000
    assert not any(message.startswith("START") for message in kept)
