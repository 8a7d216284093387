"""All models at a glance, and the list of releases."""

from dataclasses import replace

import pytest

from tests.cli_world import CliWorld
from tests.release_world import Traffic
from tests.samples import ENDPOINT, MODEL, RELEASE


def the_model(world: CliWorld) -> dict[str, object]:
    """The one model of the overview."""
    said = world.run("release", "status", "--json")
    assert said.code == 0
    (model,) = said.json()["models"]
    return dict(model)


def test_a_new_version_waits_in_the_idle_slot(world: CliWorld):
    """Before its release, a deployed version waits and has no share."""
    model = the_model(world)
    assert (model["live"], model["live_slot"]) == ("v1", "blue")
    assert (model["idle"], model["idle_is"]) == ("v2", "waiting")
    assert model["shares"] == {"blue": 100.0, "green": 0.0}
    assert model["release_id"] is None


def test_an_open_release_is_named_with_where_it_stands(world: CliWorld):
    """While a release is open, the overview says which one and at what step."""
    world.release.prepare()
    model = the_model(world)
    assert model["release_id"] == RELEASE
    assert model["idle_is"] == "releasing"
    assert model["standing"] == "step 1 of 2 (10 %) shifting"


def test_the_replaced_version_is_the_previous_one(world: CliWorld):
    """After a promotion the idle slot holds what was live before."""
    world.release.run()
    model = the_model(world)
    assert (model["live"], model["idle"], model["idle_is"]) == ("v2", "v1", "previous")


def test_a_refused_version_is_told_as_rolled_back(world: CliWorld):
    """After a roll-back the idle slot holds the refused version, and that is said."""
    world.release.traffic = Traffic(error_shares={"green": 0.3})
    world.release.run()
    assert the_model(world)["idle_is"] == "rolled-back"


def test_a_version_deployed_after_a_roll_back_waits(world: CliWorld):
    """The verdict on one version is not that on the next."""
    world.release.traffic = Traffic(error_shares={"green": 0.3})
    world.release.run()
    world.declare(blue="v1", green="v3")
    assert the_model(world)["idle_is"] == "waiting"


def test_the_same_version_in_both_slots_is_the_same(world: CliWorld):
    """A first deploy puts one version into both slots."""
    world.declare(blue="v1", green="v1")
    assert the_model(world)["idle_is"] == "same"


def test_an_endpoint_that_is_gone_is_absent(world: CliWorld):
    """The overview says what is read back, even when that is nothing."""
    del world.release.endpoints.states[ENDPOINT]
    model = the_model(world)
    assert (model["endpoint_status"], model["shares"]) == ("absent", {})


def test_an_endpoint_without_weights_serves_nothing(world: CliWorld):
    """No share is shown where every weight is zero."""
    state = world.release.endpoints.states[ENDPOINT]
    variants = {slot: replace(v, weight=0.0) for slot, v in state.variants.items()}
    world.release.endpoints.states[ENDPOINT] = replace(state, variants=variants)
    assert "nothing" in world.run("release", "status").out


def test_the_overview_for_people_is_a_table(world: CliWorld):
    """People see model, live version and what waits in one line."""
    out = world.run("release", "status").out
    assert "v2 (waiting)" in out
    assert "blue 100 %" in out


def test_no_model_is_said(world: CliWorld):
    """Before anything was verified the overview says how to deploy."""
    world.release.store.forget(MODEL)
    said = world.run("release", "status")
    assert said.code == 0
    assert "tidegate deploy" in said.out


def test_releases_are_listed_with_reason_and_figures(world: CliWorld):
    """A list has one item a release."""
    world.release.run()
    (item,) = world.run("release", "list", "--json").json()["releases"]
    assert (item["release_id"], item["from"], item["to"]) == (RELEASE, "v1", "v2")
    assert item["standing"] == "promoted"
    assert item["seconds"] > 0


def test_an_empty_list_says_how_to_begin(world: CliWorld):
    """Without any release the list says how to start one."""
    assert "tidegate release start" in world.run("release", "list").out


def test_the_list_of_an_unknown_model_names_the_models(world: CliWorld):
    """A misspelt model is a wrong usage."""
    said = world.run("release", "list", "nope")
    assert said.code == 2
    assert MODEL in said.err


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_wrong_usage(world: CliWorld, limit: int):
    """The parser refuses it before anything is read."""
    assert world.run("release", "list", "--limit", str(limit)).code == 2


def test_one_release_is_one_line_for_people(world: CliWorld):
    """However long a reason is, the list stays a list."""
    world.release.run()
    _, line = world.run("release", "list", MODEL).out.strip().splitlines()
    assert line.split()[:4] == [RELEASE, "v1", "v2", "promoted"]
    assert "promote because" in line
