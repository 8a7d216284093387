"""Shares that are kept in the release table: the rest of the contract of port `Records`."""

from collections.abc import Iterator

import pytest

from tests.aws import RELEASE_TABLE, mocked_aws
from tests.fakes import FakeRecords
from tidegate.asynchronous import Asynchronous
from tidegate.slots import PAIR
from tidegate.tracks import Tracks
from tidegate_aws import clients
from tidegate_aws.kept_shares import EitherRecords, KeptShares

NAMES = {slot: f"demo-{slot}" for slot in PAIR}
LATER = Asynchronous(bucket="b", waiting_seconds=60, processing_seconds=60)
QUEUES = Tracks(zone_id="", host="flights", endpoints=NAMES, asynchronous=LATER)


@pytest.fixture
def kept() -> Iterator[KeptShares]:
    """An empty release table."""
    with mocked_aws():
        yield KeptShares(client=clients.dynamodb(), table=RELEASE_TABLE)


def test_before_anything_was_asked_for_blue_has_everything(kept: KeptShares):
    """As the records of a template have it."""
    assert kept.weights(QUEUES) == {"blue": 1, "green": 0}


def test_weights_are_read_back_and_in_force(kept: KeptShares):
    """Zero stays zero."""
    change = kept.set_weights(QUEUES, {"blue": 0, "green": 100})
    assert kept.weights(QUEUES) == {"blue": 0, "green": 100}
    assert kept.in_sync(change)


def test_each_kind_of_tracks_has_its_own_records(kept: KeptShares):
    """What is behind a name is in its zone, the rest in the table."""
    dns = FakeRecords()
    dns.add("flights.example.com", blue=1, green=0)
    both = EitherRecords(dns=dns, kept=kept)
    behind = Tracks(zone_id="Z", host="flights.example.com", endpoints=NAMES)
    changes = [
        both.set_weights(behind, {"blue": 3, "green": 1}),
        both.set_weights(QUEUES, {"blue": 1, "green": 3}),
    ]
    assert both.weights(behind) == {"blue": 3, "green": 1}
    assert both.weights(QUEUES) == {"blue": 1, "green": 3}
    assert all(both.in_sync(change) for change in changes)


def test_tracks_survive_json():
    """Also with numbers as text, as CloudFormation writes them."""
    written = QUEUES.to_json()
    assert Tracks.from_json(written) == QUEUES
    texts = {key: str(value) for key, value in LATER.to_json().items()}
    assert Tracks.from_json({**written, "asynchronous": texts}) == QUEUES
