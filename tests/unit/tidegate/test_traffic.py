"""Shares of tracks, read and moved as those of production variants."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import samples
from tests.fakes import FakeEndpoints, FakeRecords
from tidegate.errors import InvalidValueError, NotFoundError
from tidegate.loop.readback import has_shares
from tidegate.pointer import Declaration
from tidegate.release import Phase, ReleaseRecord
from tidegate.slots import PAIR, Slot
from tidegate.tracks import Tracks, configs_in, joined_configs
from tidegate.traffic import PENDING, Traffic, reset_records

HOST = "flights.example.com"
TRACKS = Tracks(zone_id="Z1", host=HOST, endpoints={slot: f"flights-{slot}" for slot in PAIR})
DECLARED = samples.declaration(tracks=TRACKS)
ONE_ENDPOINT = samples.declaration()


class Paths:
    """Two tracks, blue with all traffic."""

    def __init__(self) -> None:
        self.endpoints, self.records = FakeEndpoints(), FakeRecords()
        self.traffic = Traffic(endpoints=self.endpoints, records=self.records)
        for slot in PAIR:
            weights = {slot.value: 1.0}
            self.endpoints.add(f"flights-{slot}", config=f"config-{slot}", weights=weights)
        self.records.add(HOST, blue=1, green=0)


@pytest.fixture
def paths() -> Paths:
    """Two tracks, both in service."""
    return Paths()


def restoring(**changes: object) -> ReleaseRecord:
    """A release on its way back."""
    return replace(samples.record(tracks=TRACKS, phase=Phase.RESTORING), **changes)


def test_two_tracks_are_read_as_one_endpoint_with_the_weights_of_the_records(paths: Paths):
    """Whatever weight each endpoint gives its only variant."""
    state = paths.traffic.read(DECLARED)
    assert state.status == "InService"
    assert state.shares() == {"blue": 100, "green": 0}
    assert state.config_name == "blue=config-blue green=config-green"


def test_a_model_with_one_endpoint_is_read_as_it_is(paths: Paths):
    """Records are not asked."""
    weights = {"blue": 1.0, "green": 0.0}
    paths.endpoints.add(samples.ENDPOINT, config=samples.CONFIG, weights=weights)
    assert paths.traffic.read(ONE_ENDPOINT) == paths.endpoints.states[samples.ENDPOINT]


def test_shares_of_tracks_become_weights_of_records(paths: Paths):
    """The endpoints are left alone."""
    assert paths.traffic.set_shares(DECLARED, {"blue": 90, "green": 10}) == "/change/C1"
    assert has_shares(paths.traffic.read(DECLARED), {"blue": 90, "green": 10})
    assert paths.endpoints.wishes == []


def test_weights_that_are_all_zero_are_refused(paths: Paths):
    """Route 53 would take them as equal."""
    with pytest.raises(InvalidValueError, match="are 0"):
        paths.traffic.set_shares(DECLARED, {"blue": 0, "green": 0})
    assert paths.records.changes == []


def test_before_a_release_both_tracks_must_be_in_service(paths: Paths):
    """The idle one too."""
    paths.endpoints.change("flights-green", status="Updating")
    assert paths.traffic.read(DECLARED).status == "Updating"


def test_a_broken_candidate_never_stops_the_way_back(paths: Paths):
    """Only the track that gets the traffic needs to be in service."""
    paths.endpoints.change("flights-green", status="Failed")
    assert paths.traffic.before(restoring()).status == "InService"
    assert paths.traffic.after(restoring()).status == "InService"


def test_a_candidate_that_is_gone_never_stops_the_way_back(paths: Paths):
    """Its weight is read all the same."""
    del paths.endpoints.states["flights-green"]
    assert paths.traffic.before(restoring()).shares() == {"blue": 100, "green": 0}
    with pytest.raises(NotFoundError):
        paths.traffic.read(DECLARED)


def test_a_step_forward_needs_the_candidate_in_service(paths: Paths):
    """No request is sent to a track that cannot answer."""
    paths.endpoints.change("flights-green", status="Failed")
    assert paths.traffic.before(samples.record(tracks=TRACKS)).status == "Failed"


def test_a_change_that_is_pending_is_not_in_service_yet(paths: Paths):
    """A shift counts when every name server answers by it."""
    paths.records.pending_reads = 1
    record = restoring(change="/change/C1")
    assert paths.traffic.after(record).status == PENDING
    assert paths.traffic.after(record).status == "InService"


def test_a_pending_change_does_not_delay_the_next_one(paths: Paths):
    """A way back is asked for at once."""
    paths.records.pending_reads = 9
    assert paths.traffic.before(restoring(change="/change/C1")).status == "InService"


def test_tracks_survive_the_way_through_json():
    """In a declaration and in a record; what was written without tracks has none."""
    kept = json.loads(json.dumps(DECLARED.to_json()))
    assert Declaration.from_json(kept) == DECLARED
    record = samples.record(tracks=TRACKS, change="/change/C1")
    assert ReleaseRecord.from_json(json.loads(json.dumps(record.to_json()))) == record
    del kept["tracks"]
    assert Declaration.from_json(kept).tracks is None


@given(blue=st.from_regex(r"[a-zA-Z0-9-]{1,63}", fullmatch=True))
def test_configurations_of_tracks_are_told_apart_again(blue: str):
    """And one alone is itself."""
    assert configs_in(joined_configs({Slot.BLUE: blue, Slot.GREEN: "g"})) == (blue, "g")
    assert configs_in(blue) == (blue,)


def test_records_have_the_template_s_weights_before_they_are_deleted(paths: Paths):
    """Route 53 deletes only what is named whole, and CloudFormation names the template's."""
    paths.traffic.set_shares(DECLARED, {"blue": 0, "green": 100})
    reset_records(records=paths.records, tracks=TRACKS)
    assert paths.records.weights(TRACKS) == {"blue": 1, "green": 0}


def test_records_that_were_never_made_need_no_reset(paths: Paths):
    """A stack whose creation failed can be deleted."""
    del paths.records.known[HOST]
    reset_records(records=paths.records, tracks=TRACKS)
    assert paths.records.changes == []
