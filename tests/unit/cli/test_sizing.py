"""The warning at the start of a release: from the traffic there is, and never a refusal."""

from dataclasses import replace

import pytest
from botocore.exceptions import EndpointConnectionError

from tests.cli_world import CliWorld
from tests.release_world import Traffic
from tests.samples import MODEL, PLAN, declaration
from tidegate import deploy


def with_hold(world: CliWorld, seconds: int) -> None:
    """The deployed plan has this much patience."""
    deploy.verify(
        store=world.release.store,
        traffic=world.release.moving,
        clock=world.release.clock,
        declaration=declaration(plan=replace(PLAN, hold_seconds=seconds)),
    )


def test_a_plan_with_enough_traffic_starts_without_a_word(world: CliWorld):
    """Twenty requests a second show everything in a minute."""
    world.release.advance(600)
    said = world.run("release", "start", MODEL, "--json")
    assert said.code == 0
    assert said.json()["sizing"]["warnings"] == []
    assert said.json()["sizing"]["basis"][0]["source"] == "observed"
    assert said.err == ""


def test_a_plan_without_the_time_is_warned_about_and_starts(world: CliWorld):
    """The release is on its way all the same."""
    with_hold(world, 0)
    world.release.traffic = Traffic(requests_per_second=1)
    world.release.advance(3_600)
    said = world.run("release", "start", MODEL, "--json")
    assert said.code == 0
    assert len(world.release.executions.started) == 1
    (warning,) = said.json()["sizing"]["warnings"]
    assert warning.startswith("at 60 requests a minute the plan may be too short")
    assert "a last step of" in warning
    assert warning in said.err


def test_a_given_rate_counts_instead_of_the_observed_one(world: CliWorld):
    """An operator may know what traffic comes."""
    world.release.advance(600)
    said = world.run("release", "start", MODEL, "--requests-per-minute", "1", "--json")
    assert said.json()["sizing"]["basis"][0]["source"] == "given"
    assert said.json()["sizing"]["warnings"]


def test_unknown_traffic_is_told_with_a_way_to_say_it(world: CliWorld):
    """Before the first request nobody can say how long a plan takes."""
    said = world.run("release", "start", MODEL)
    assert said.code == 0
    assert "is not known" in said.err
    assert f"tidegate simulate {MODEL} --requests-per-minute N" in said.err


def test_counters_that_cannot_be_read_stop_nobody(world: CliWorld, monkeypatch: pytest.MonkeyPatch):
    """A role that may start a release need not be allowed to read its counters."""

    def refuse(release_id: str, *, from_interval: int = 0) -> tuple[()]:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    monkeypatch.setattr(world.release.counters, "read", refuse)
    said = world.run("release", "start", MODEL, "--json")
    assert said.code == 0
    assert "cannot be read" in said.json()["sizing"]["warnings"][0]


def test_an_impossible_rate_is_refused_before_anything_starts(world: CliWorld):
    """A typing error must not start a release."""
    said = world.run("release", "start", MODEL, "--requests-per-minute", "0")
    assert said.code == 3
    assert world.release.executions.started == []
