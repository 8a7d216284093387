"""What a cloud holds before it ends, and who may end it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

import cli.batches
import cli.ending
from cli.commands.cloud import _agree, _kept
from cli.ending import Held, OpenRelease, _open, held
from cli.exits import CommandError, Exit
from tests import samples
from tests.aws import RELEASE_TABLE, make_endpoint, mocked_aws
from tests.batch_fakes import FakeBatch
from tidegate.batch.run import Status
from tidegate_aws import clients
from tidegate_aws.release_store import DynamoReleaseStore

STACK = "demo-test-release"
TEMPLATE = {
    "Resources": {
        "Table": {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": "Retain"},
        "Topic": {"Type": "AWS::SNS::Topic"},
    }
}


class _Pages:
    def __init__(self, page: dict[str, Any]) -> None:
        self._page = page

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [self._page]


class _CloudFormation:
    """One stack, which keeps its table."""

    def get_paginator(self, operation: str) -> _Pages:
        outputs = [{"OutputKey": "ReleaseTableName", "OutputValue": RELEASE_TABLE}]
        rows = [
            {"LogicalResourceId": id_, "ResourceType": r["Type"], "PhysicalResourceId": f"{id_}-1"}
            for id_, r in TEMPLATE["Resources"].items()
        ]
        return {
            "describe_stacks": _Pages({"Stacks": [{"StackName": STACK, "Outputs": outputs}]}),
            "list_stack_resources": _Pages({"StackResourceSummaries": rows}),
        }[operation]

    def get_template(self, **_: Any) -> dict[str, Any]:
        return {"TemplateBody": json.loads(json.dumps(TEMPLATE))}


class _Target:
    """A cloud in memory."""

    def client(self, service: str) -> Any:
        made = {"dynamodb": clients.dynamodb, "sagemaker": clients.sagemaker}
        return _CloudFormation() if service == "cloudformation" else made[service]()


@pytest.fixture
def target() -> Iterator[Any]:
    """A deployed project, whose endpoint is of an earlier deploy."""
    with mocked_aws():
        make_endpoint()
        yield _Target()


def test_what_stacks_keep_and_deploys_left_is_listed(target: Any):
    """What goes with its stack is not."""
    found = held([target])

    assert found.open == ()
    assert found.kept[0] == f"AWS::DynamoDB::Table Table-1 of {STACK}"
    assert f"EndpointConfig {samples.CONFIG}, of an earlier deploy" in found.kept
    assert not [item for item in found.kept if "Topic" in item]


def test_open_release_is_found(target: Any):
    """By the lock of its model."""
    store = DynamoReleaseStore(client=clients.dynamodb(), table=RELEASE_TABLE)
    store.put_pointer(samples.pointer())
    store.put_split(samples.split())
    store.put_declaration(samples.declaration())
    store.open(samples.record(), samples.entry())

    assert held([target]).open == (
        OpenRelease(stack=STACK, model=samples.MODEL, release_id=samples.RELEASE),
    )


def _found(monkeypatch: pytest.MonkeyPatch, found: Held) -> Any:
    monkeypatch.setattr(cli.ending, "held", lambda _: found)
    return SimpleNamespace(administrators={})


OPEN = Held(open=(OpenRelease(stack=STACK, model="m", release_id="r-1"),), kept=("a table",))


def test_open_release_keeps_the_cloud_up(monkeypatch: pytest.MonkeyPatch):
    """Agreeing to lose data is not agreeing to that; abandoning it is."""
    cloud = _found(monkeypatch, OPEN)

    with pytest.raises(CommandError, match=r"release r-1 of m .* is open") as refused:
        _kept(cloud, abandon=False, yes=True)

    assert refused.value.code is Exit.REFUSED
    assert _kept(cloud, abandon=True, yes=True) == ("a table",)


def test_without_a_terminal_somebody_has_to_say_yes(monkeypatch: pytest.MonkeyPatch):
    """Nothing is asked of nobody."""
    cloud = _found(monkeypatch, Held(open=(), kept=("a table",)))

    with pytest.raises(CommandError, match=r"1 things that stacks keep .* say --yes"):
        _kept(cloud, abandon=False, yes=False)
    assert _kept(cloud, abandon=False, yes=True) == ("a table",)


def test_no_is_no(monkeypatch: pytest.MonkeyPatch):
    """Nothing was stopped then."""

    class _Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", _Terminal())
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    with pytest.raises(CommandError, match="nothing was stopped"):
        _agree(("a table",))
    monkeypatch.setattr("typer.confirm", lambda *_, **__: True)
    _agree(("a table",))


class _Executions:
    """Step Functions: one execution runs, every other has ended."""

    def describe_execution(self, **request: Any) -> dict[str, Any]:
        running = request["executionArn"].endswith(":alive")
        return {"status": "RUNNING" if running else "ABORTED"}


def test_open_runs_of_batches_are_found(monkeypatch: pytest.MonkeyPatch):
    """Those that an execution works on; what stalled, and what is over, does not go on anyway."""
    fake = FakeBatch()
    for run, execution, status in (
        ("r-1", "alive", Status.RUNNING),
        ("r-2", "dead", Status.RUNNING),
        ("r-3", "alive", Status.DONE),
    ):
        record = fake.started({"run": run}, execution=execution).record
        fake.runs.save(replace(record, status=status))
    outputs = {"BatchBucketName": "b", "RunTableName": "t", "BatchMachineArn": "a:stateMachine:m"}
    monkeypatch.setattr(cli.batches, "DynamoRuns", lambda **_: fake.runs)
    target: Any = SimpleNamespace(client=lambda _: _Executions())
    stack = {
        "StackName": "shop-dev-batch-demand",
        "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()],
    }
    (found,) = _open(target, stack)
    assert str(found) == "run r-1 of the batch of demand (shop-dev-batch-demand)"
