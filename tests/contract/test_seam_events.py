"""EventBridge of the embedded cloud: it hears of pipelines, and starts them where it may."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from emulator.server import EmbeddedCloud
from tests.emulated_pipelines import STORE, Workshop, approval, stage
from tests.emulated_queues import listening_queue, taken

pytestmark = pytest.mark.accept


@pytest.fixture(scope="module")
def workshop(ground_cloud: EmbeddedCloud) -> Workshop:
    """Buckets and makers in the cloud of the ground floor."""
    return Workshop(ground_cloud)


def test_a_rule_hears_of_executions_stages_and_actions(
    workshop: Workshop, eventually: Callable[[Callable[[], Any]], Any]
):
    """Each change of state is an event in the order in which it happened."""
    events, (sqs, queue, arn) = (
        workshop.session.client("events"),
        listening_queue(workshop.session),
    )
    pipeline = workshop.name("heard")
    pattern = {"source": ["aws.codepipeline"], "detail": {"state": ["STARTED", "FAILED"]}}
    rule = workshop.name("rule")
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "q", "Arn": arn}])
    pipeline = workshop.pipeline(
        stage("A", approval()), role=workshop.role("codepipeline", *STORE), key="none.zip"
    )
    heard: list[tuple[str, str]] = []

    def all_heard() -> bool:
        heard.extend(
            (event["detail-type"].split()[1], event["detail"]["state"])
            for event in taken(sqs, queue)
            if event["detail"]["pipeline"] == pipeline
        )
        return ("Pipeline", "FAILED") in heard

    eventually(all_heard)
    assert sorted(heard) == sorted(
        [(what, state) for what in ("Pipeline", "Stage", "Action") for state in
         ("STARTED", "FAILED")]
    )  # fmt: skip


def test_a_rule_whose_role_may_not_starts_nothing(
    workshop: Workshop, eventually: Callable[[Callable[[], Any]], Any]
):
    """The target's role needs codepipeline:StartPipelineExecution, asked like any request."""
    events = workshop.session.client("events")
    pipeline = workshop.pipeline(
        stage("A", approval()), role=workshop.role("codepipeline", *STORE), key="none.zip"
    )
    first = workshop.first(pipeline)
    caller = workshop.session.client("sts").get_caller_identity()["Account"]
    target = f"arn:aws:codepipeline:{workshop.session.region_name}:{caller}:{pipeline}"
    rule, role = workshop.name("rule"), workshop.role("events")
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": ["test"]}))
    events.put_targets(Rule=rule, Targets=[{"Id": "p", "Arn": target, "RoleArn": role}])
    entry = {"Source": "test", "DetailType": "t", "Detail": "{}"}
    events.put_events(Entries=[entry])
    workshop.allow(role, "codepipeline:StartPipelineExecution")
    other = workshop.name("rule")
    events.put_rule(Name=other, EventPattern=json.dumps({"source": ["other"]}))
    events.put_targets(Rule=other, Targets=[{"Id": "p", "Arn": target, "RoleArn": role}])

    # The first event may still be under way when the role gets its permission: ask until it is
    # known what became of it, by an event that must start the pipeline.
    workshop.ended(pipeline, first)
    before = _count(workshop, pipeline)
    events.put_events(Entries=[{**entry, "Source": "other"}])
    eventually(lambda: _count(workshop, pipeline) == before + 1)


def _count(workshop: Workshop, pipeline: str) -> int:
    listed = workshop.codepipeline.list_pipeline_executions(pipelineName=pipeline)
    return len(listed["pipelineExecutionSummaries"])
