"""The contract of port `Records`."""

from typing import Any

import pytest

from tests.fakes import FakeRecords
from tidegate.errors import NotFoundError
from tidegate.slots import PAIR
from tidegate.tracks import Tracks
from tidegate.traffic import Records
from tidegate_aws import clients
from tidegate_aws.records import Route53Records

HOST = "flights.models.example.com"


def zone_with_records() -> str:
    """A hosted zone with what the template puts there; its id."""
    client = clients.route53()
    zone: str = client.create_hosted_zone(Name="example.com", CallerReference="once")["HostedZone"][
        "Id"
    ].removeprefix("/hostedzone/")
    records: list[dict[str, Any]] = [
        {"Name": f"{slot}.{HOST}", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": address}]}
        for slot, address in (("blue", "192.0.2.1"), ("green", "192.0.2.2"))
    ]
    records += [
        {
            "Name": HOST,
            "Type": "A",
            "SetIdentifier": slot,
            "Weight": weight,
            "AliasTarget": {
                "HostedZoneId": zone,
                "DNSName": f"{slot}.{HOST}",
                "EvaluateTargetHealth": True,
            },
        }
        for slot, weight in (("blue", 1), ("green", 0))
    ]
    client.change_resource_record_sets(
        HostedZoneId=zone,
        ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": r} for r in records]},
    )
    return zone


def tracks_in(zone: str, host: str = HOST) -> Tracks:
    """Two tracks behind the host."""
    return Tracks(zone_id=zone, host=host, endpoints={slot: f"demo-{slot}" for slot in PAIR})


@pytest.fixture
def made(backend: str) -> tuple[Records, Tracks]:
    """Records that lead everything to blue."""
    if backend == "fake":
        fake = FakeRecords()
        fake.add(HOST, blue=1, green=0)
        return fake, tracks_in("Z1")
    return Route53Records(client=clients.route53()), tracks_in(zone_with_records())


def test_weights_are_read_as_the_zone_has_them(made: tuple[Records, Tracks]):
    """A weight of zero included."""
    records, tracks = made
    assert records.weights(tracks) == {"blue": 1, "green": 0}


def test_weights_that_were_set_are_read_back(made: tuple[Records, Tracks]):
    """Zero is a weight like any other."""
    records, tracks = made
    records.set_weights(tracks, {"blue": 90, "green": 10})
    assert records.weights(tracks) == {"blue": 90, "green": 10}
    records.set_weights(tracks, {"blue": 0, "green": 100})
    assert records.weights(tracks) == {"blue": 0, "green": 100}


def test_a_change_is_in_sync_in_the_end(made: tuple[Records, Tracks]):
    """It can be asked for by its id."""
    records, tracks = made
    assert records.in_sync(records.set_weights(tracks, {"blue": 50, "green": 50}))


def test_a_host_without_records_is_not_found(made: tuple[Records, Tracks]):
    """The error names it."""
    records, tracks = made
    with pytest.raises(NotFoundError, match="nowhere"):
        records.weights(tracks_in(tracks.zone_id, "nowhere.example.com"))
