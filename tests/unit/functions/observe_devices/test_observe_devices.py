"""What is told of devices becomes counts, once."""

import json
import uuid
from dataclasses import replace
from typing import Any

import pytest

from observe_devices.events import COMPONENTS, DEPLOYMENTS
from observe_devices.handler import handle
from tests import samples
from tests.aws import OBSERVATION_TABLE
from tidegate.edge.names import component_version
from tidegate.intervals import interval_of
from tidegate.observation import Observation, Unit
from tidegate.release import Phase
from tidegate.requestlog import tally_key
from tidegate.split import NO_RELEASE
from tidegate_aws import clients, world
from tidegate_aws.counters import DynamoCounters
from tidegate_aws.edge_roster import DynamoRoster
from tidegate_aws.release_store import DynamoReleaseStore

PLACE = "demo-test-flights"
LIVE = component_version(samples.version("v1").digest)
CANDIDATE = component_version(samples.version("v2").digest)
INTERVAL = interval_of(samples.START) + 10


@pytest.fixture
def baking(store: DynamoReleaseStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> str:
    """A release of v2 whose first ring has served its share for a while; its id.

    It is half a minute after the end of the interval that reports are about.
    """
    monkeypatch.setenv("MODEL", samples.MODEL)
    monkeypatch.setenv("EDGE_PLACE", PLACE)
    now = (INTERVAL + 1) * 60 + 30.0
    clock = tmp_path / "clock.json"
    clock.write_text(json.dumps({"wall": 0.0, "cloud": now, "rate": 0.0, "scale": 1.0}))
    monkeypatch.setenv("EMBEDDED_CLOCK_FILE", str(clock))
    world.forget()
    record = samples.record()
    store.open(record, samples.entry())
    opened = replace(record, phase=Phase.BAKING, step_started_at=samples.START, split_version=7)
    store.save(opened)
    store.put_split(samples.split(7, samples.RELEASE))
    return samples.RELEASE


def told(thing: str, version: str, **changes: Any) -> dict[str, Any]:
    """A report as IoT's rule hands it on."""
    report = {
        "v": 1,
        "component_version": version,
        "interval": INTERVAL,
        "run": "0011aaff",
        "served": 40,
        "requests": 40,
        "errors": 0,
        "latency": {"3": 40},
        "known": 0,
        "wrong": 0,
        "thing": thing,
    }
    return {**report, **changes}


def batch(*messages: dict[str, Any]) -> dict[str, Any]:
    """Messages as Lambda takes them from the queue."""
    records = [
        {"messageId": str(uuid.uuid4()), "body": json.dumps(message)} for message in messages
    ]
    return {"Records": records}


def counted(release_id: str) -> dict[str, Observation]:
    """What was counted, by slot."""
    counters = DynamoCounters(client=clients.dynamodb(), table=OBSERVATION_TABLE)
    return {item.key.slot: item for item in counters.read(release_id)}


def test_reports_count_for_the_slot_of_their_version(baking: str):
    """As evidence under the split's version, each error with its device."""
    event = batch(
        told("press-1", LIVE),
        told("press-2", LIVE),
        told("press-3", CANDIDATE, errors=9, latency={"3": 31}),
    )
    assert handle(event, None) == {"news": 3}
    seen = counted(baking)
    assert (seen["blue"].requests, seen["blue"].errors) == (80, 0)
    assert (seen["green"].requests, seen["green"].errors) == (40, 9)
    assert seen["green"].clients_with_errors == 1
    assert {item.unit for item in seen.values()} == {Unit.DEVICE}
    assert all(item.evidence and item.key.split_version == 7 for item in seen.values())


def test_what_comes_twice_counts_once(baking: str):
    """In another batch too; another start of the component is other news."""
    assert handle(batch(told("press-1", LIVE)), None) == {"news": 1}
    assert handle(batch(told("other", LIVE), told("press-1", LIVE)), None) == {"news": 1}
    assert handle(batch(told("press-1", LIVE, run="ffffffff")), None) == {"news": 1}
    assert counted(baking)["blue"].requests == 120


def test_what_was_served_before_the_ring_was_verified_is_no_evidence(baking: str):
    """It is exposure."""
    early = interval_of(samples.START) - 1
    handle(batch(told("press-1", CANDIDATE, interval=early)), None)
    assert counted(baking)["green"].evidence is False


def test_versions_in_no_slot_count_nowhere(baking: str):
    """A device that was away for long has yet to catch up."""
    assert handle(batch(told("press-1", "1.9.9")), None) == {"news": 1}
    assert counted(baking) == {}


def test_reports_that_are_none_are_refused_and_logged(
    baking: str, capsys: pytest.CaptureFixture[str]
):
    """The others of their batch count."""
    handle(batch(told("press-1", LIVE, errors=99), told("press-2", LIVE)), None)
    assert counted(baking)["blue"].requests == 40
    assert json.loads(capsys.readouterr().out)["refused"] == "press-1"


def test_a_device_on_which_the_candidate_broke_fails_what_it_last_served(baking: str):
    """Each request by itself, in each interval, once however often the schedule comes."""
    handle(batch(told("press-3", LIVE, requests=12, latency={})), None)
    broken = {
        "componentName": PLACE,
        "componentVersion": CANDIDATE,
        "lifecycleState": "BROKEN",
    }
    event = {
        "detail-type": COMPONENTS,
        "resources": ["arn:aws:greengrass:eu-west-1:123456789012:coreDevices:press-3"],
        "detail": {"components": [broken, {**broken, "componentName": "other"}]},
    }
    assert handle(event, None) == {"failures": ["known"]}
    for _ in range(2):
        assert handle({"detail-type": "Scheduled Event"}, None) == {
            "unserved": {"failed": 1, "silent": 0}
        }
    seen = counted(baking)["green"]
    assert (seen.requests, seen.errors, seen.clients_with_errors) == (12, 12, 12)


def test_a_connected_device_that_hangs_fails_what_it_last_served(baking: str):
    """One that has disconnected does not."""
    for thing in ("press-1", "press-2"):
        handle(batch(told(thing, LIVE, interval=INTERVAL - 3)), None)
    gone = {"eventType": "disconnected", "clientId": "press-2#1", "timestamp": 1}
    handle(batch(gone), None)
    assert handle({}, None) == {"unserved": {"failed": 0, "silent": 1}}
    counters = DynamoCounters(client=clients.dynamodb(), table=OBSERVATION_TABLE)
    last = [item for item in counters.read(baking) if item.key.interval == INTERVAL]
    assert [(item.key.slot, item.errors, item.clients_with_errors) for item in last] == [
        ("blue", 40, 1)
    ]


def test_nothing_is_unserved_while_no_release_is_open(baking: str, store: DynamoReleaseStore):
    """Reports count as the fleet's steady traffic."""
    store.put_split(samples.split(8))
    assert handle({}, None) == {"unserved": {}}
    assert handle(batch(told("press-1", LIVE)), None) == {"news": 1}
    steady = tally_key(model=samples.MODEL, release_id=NO_RELEASE)
    assert counted(steady)["blue"].requests == 40


def test_other_ends_of_deployments_are_no_failures(baking: str):
    """Nor are components of others."""
    event = {
        "detail-type": DEPLOYMENTS,
        "resources": ["arn:aws:greengrass:eu-west-1:123456789012:coreDevices:press-3"],
        "detail": {"deploymentId": "d", "coreDeviceExecutionStatus": "SUCCEEDED"},
    }
    assert handle(event, None) == {"failures": []}
    roster = DynamoRoster(client=clients.dynamodb(), table=OBSERVATION_TABLE)
    assert roster.read(PLACE) == ()
