"""Least privilege of what watches captures and reacts: one right less, and it shows."""

import gzip
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.monitors import EXPLAINED, ask, asked, monitor_of, monitored
from tests.e2e.privileges import invoke, opened
from tests.e2e.roles import Prover, Role, StoryFailedError, client
from tests.e2e.trainings import trained_text, training, write_code
from tests.e2e.world import BETTER, V1, World, wait_for
from tidegate.release import Phase

pytestmark = pytest.mark.accept

STATE = "state.json.gz"


REACTION = """\
      reaction: { data_drift: retrain, model_quality: roll-back }
"""
REPORT, MEMORY = "report.json", "reaction.json"


@pytest.fixture(scope="module")
def world(story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A trained version is live, the one before it idle; its traffic was looked at once."""
    folder = tmp_path_factory.mktemp("monitor-role")
    made = monitored(World(cloud=story_cloud, folder=folder, model="overseen"))
    section = trained_text(write_code(folder / "training")).partition("    training:")[2]
    made.project_text = made.project_text.replace("    release:\n", f"{REACTION}    release:\n")
    made.project_text = f"{made.project_text.rstrip()}\n    training:{section}"
    made.deploy(V1)
    made.deploy(BETTER)
    _promote(made)
    _say_it_was_trained(made)
    for _ in monitor_of(made).run():
        pass
    yield made
    _end_releases(made)
    remove_stacks(story_cloud, f"{made.project}-")


def _end_releases(world: World) -> None:
    """Nothing is being released: the reaction's schedule sees what stories report, too."""
    client(world, "s3").delete_object(Bucket=monitor_of(world).bucket, Key=REPORT)
    open_ = world.deployed.store.lock_holder(world.model)
    if open_ is not None:
        world.abort(open_)
        world.finish(open_)


def _promote(world: World) -> None:
    """The version in the idle slot is live, by a release."""
    with opened(world, phase=Phase.PROMOTING) as record:
        event = {"release_id": record.release_id, "epoch": record.epoch}
        invoke(world, Role(world=world, package="settle_release"), event)


def _say_it_was_trained(world: World) -> None:
    """The live version is a package, whose evaluation left what requests looked like."""
    found = training(world)
    folder = f"runs/{world.model}/output"
    s3 = client(world, "s3")
    chance = random.Random(5)  # noqa: S311 - questions, not secrets
    rows = [
        {
            "record": asked(chance, draw=(0, 10_000)),
            "prediction": chance.choice(("wrong", "right")),
            "score": chance.choice((0.2, 0.8)),
            "label": chance.random() < 0.5,
            "attributions": EXPLAINED,
        }
        for _ in range(500)
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    s3.put_object(Bucket=found.bucket, Key=f"{folder}/baseline.jsonl", Body=lines.encode())
    s3.put_object(Bucket=found.bucket, Key=f"{folder}/evaluation.json", Body=b"{}")
    uri = f"s3://{found.bucket}/{folder}/evaluation.json"
    statistics = {"ContentType": "application/json", "S3Uri": uri}
    pointer = world.deployed.store.pointer(world.model)
    assert pointer is not None
    container = {"Image": pointer.version.image, "ModelDataUrl": pointer.version.artifact_uri}
    package = client(world, "sagemaker").create_model_package(
        ModelPackageGroupName=found.registry.group,
        ModelApprovalStatus="Approved",
        InferenceSpecification={
            "Containers": [container],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
        ModelMetrics={"ModelQuality": {"Statistics": statistics}},
    )
    version = replace(pointer.version, artifact=package["ModelPackageArn"])
    moved = replace(pointer, version=version, generation=pointer.generation + 1)
    world.deployed.store.put_pointer(moved)


def watch(world: World, role: Role) -> None:
    """A new object of captures is counted, and a change of findings is kept and told."""
    monitor, s3 = monitor_of(world), client(world, "s3")
    # What was told last is not what is found: the next run has something to tell.
    body = s3.get_object(Bucket=monitor.bucket, Key=STATE)["Body"].read()
    state = {**json.loads(gzip.decompress(body)), "told": ["data drift: nothing"]}
    # Nor are the newest outcomes judged, which are read from the counters for that.
    state["outcomes_through"] -= 5
    # Of a prediction of that time the label can have come: it is looked up by its key.
    waits = {"most": 10, "cut": [], "offered": 1, "kept": {"0" * 32: [0.5]}}
    state["quality"]["waiting"] = {str(state["outcomes_through"]): waits}
    s3.put_object(Bucket=monitor.bucket, Key=STATE, Body=gzip.compress(json.dumps(state).encode()))
    s3.delete_object(Bucket=monitor.bucket, Key="report.json")
    before = _objects(world)
    ask(world, 1, lambda: asked(random.Random(1), draw=(0, 10_000)))  # noqa: S311 - a question
    wait_for(lambda: _objects(world) > before, seconds=10, what="a capture")
    told = invoke(world, role, {})
    kept = json.loads(
        gzip.decompress(s3.get_object(Bucket=monitor.bucket, Key=STATE)["Body"].read())
    )
    if str(state["outcomes_through"]) in kept["quality"]["waiting"]:
        raise StoryFailedError("expected that the label was looked up")
    if told["requests"] < 1 or kept["told"] != kept["now"] or monitor.report() is None:
        raise StoryFailedError(f"expected a request, a report and an event, got {told}")


def _objects(world: World) -> int:
    told = client(world, "cloudformation").describe_stack_resource(
        StackName=world.hosting_stack, LogicalResourceId="CaptureBucket"
    )
    bucket = told["StackResourceDetail"]["PhysicalResourceId"]
    pages = client(world, "s3").get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return sum(page["KeyCount"] for page in pages)


def compare(world: World, role: Role) -> None:
    """The baseline of the live version is made and kept, and the next run finds it."""
    monitor, s3 = monitor_of(world), client(world, "s3")
    key = "baselines/package-1.json"
    s3.delete_object(Bucket=monitor.bucket, Key=key)
    for _ in range(2):
        invoke(world, role, {})
    view = monitor.report()
    if view is None or view["baseline"]["of"] != "package-1":
        raise StoryFailedError(f"expected the baseline of package-1, got {view}")


def retrain(world: World, role: Role) -> None:
    """Drift of the data begins a run of the training."""
    told = _react(world, role, "data drift")
    if told["action"] != "retrain":
        raise StoryFailedError(f"expected retrain, got {told}")
    # There is no data to train on, so that the run is soon over.
    found = training(world)
    wait_for(lambda: found.runs.view(told["made"]).over, seconds=60, what="the end of the run")


def go_back(world: World, role: Role) -> None:
    """More wrong answers begin a release of the version before."""
    told = _react(world, role, "model quality")
    if told["action"] != "roll-back" or told["made"].startswith("refused"):
        raise StoryFailedError(f"expected roll-back, got {told}")
    release_id = told["made"]
    wait_for(
        lambda: world.deployed.store.lock_holder(world.model) == release_id,
        seconds=30,
        what="the release",
    )
    world.abort(release_id)
    world.finish(release_id)


def _react(world: World, role: Role, family: str) -> dict[str, Any]:
    """What the function makes of a report with one finding of the family."""
    bucket, s3 = monitor_of(world).bucket, client(world, "s3")
    finding = {"family": family, "feature": "x", "refused": True}
    at = world.deployed.target.clock.now()
    report = {"at": at, "baseline": {"digest": "b"}, "findings": [finding]}
    s3.put_object(Bucket=bucket, Key=REPORT, Body=json.dumps(report).encode())
    s3.delete_object(Bucket=bucket, Key=MEMORY)
    return invoke(world, role, {})


def role_of(world: World, package: str) -> Role:
    """The role of a function of the monitor's stack."""
    role = Role(world=world, package=package)
    role.stack = f"{world.project}-test-monitoring-{world.model}"
    return role


def test_each_right_of_the_monitor_is_needed(world: World, prover: Prover) -> None:
    """With its role intact captures are counted and told; without any one right they are not."""
    role = role_of(world, "monitor_model")
    prover.prove(role.package, role, {"watch": watch, "compare": compare})


def test_each_right_of_the_reaction_is_needed(world: World, prover: Prover) -> None:
    """With its role intact each act begins; without any one right it does not."""
    role = role_of(world, "react_to_findings")
    prover.prove(role.package, role, {"retrain": retrain, "go_back": go_back})
