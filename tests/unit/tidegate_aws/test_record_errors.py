"""What moto does not do of Route 53: refusals, propagation, whole batches."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from tidegate.errors import ConflictError, NotFoundError
from tidegate.slots import PAIR
from tidegate.tracks import Tracks
from tidegate_aws import clients
from tidegate_aws.records import Route53Records

HOST = "flights.example.com"
TRACKS = Tracks(zone_id="Z1", host=HOST, endpoints={slot: slot.value for slot in PAIR})


def record(slot: str, weight: int, name: str = f"{HOST}.") -> dict[str, Any]:
    """A weighted alias record, as Route 53 lists it."""
    return {
        "Name": name,
        "Type": "A",
        "SetIdentifier": slot,
        "Weight": weight,
        "AliasTarget": {
            "HostedZoneId": "Z1",
            "DNSName": f"{slot}.{HOST}.",
            "EvaluateTargetHealth": True,
        },
    }


def listing(*records: dict[str, Any]) -> dict[str, Any]:
    """A page of records."""
    return {"ResourceRecordSets": list(records), "IsTruncated": False, "MaxItems": "100"}


QUESTION = {
    "HostedZoneId": "Z1",
    "StartRecordName": HOST,
    "StartRecordType": "A",
    "MaxItems": "100",
}


@pytest.fixture
def stub() -> Iterator[Stubber]:
    """Route 53, answering what a test queues."""
    with Stubber(clients.route53()) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def records() -> Route53Records:
    """The adapter."""
    return Route53Records(client=clients.route53())


def test_both_weights_change_in_one_batch_that_keeps_the_targets(stub: Stubber):
    """Neither can be changed without the other, and nothing but weights is."""
    stub.add_response("list_resource_record_sets", listing(record("blue", 1), record("green", 0)))
    changes = [
        {"Action": "UPSERT", "ResourceRecordSet": record("blue", 90)},
        {"Action": "UPSERT", "ResourceRecordSet": record("green", 10)},
    ]
    answer = {"ChangeInfo": {"Id": "/change/C1", "Status": "PENDING", "SubmittedAt": 0}}
    asked = {"HostedZoneId": "Z1", "ChangeBatch": {"Changes": changes}}
    stub.add_response("change_resource_record_sets", answer, asked)
    assert records().set_weights(TRACKS, {"blue": 90, "green": 10}) == "/change/C1"


@pytest.mark.parametrize(("status", "in_sync"), [("PENDING", False), ("INSYNC", True)])
def test_a_change_is_in_sync_when_route_53_says_so(stub: Stubber, *, status: str, in_sync: bool):
    """Until then, some name servers answer by the old weights."""
    info = {"Id": "/change/C1", "Status": status, "SubmittedAt": 0}
    stub.add_response("get_change", {"ChangeInfo": info}, {"Id": "/change/C1"})
    assert records().in_sync("/change/C1") is in_sync


def test_a_change_that_route_53_has_forgotten_is_in_sync(stub: Stubber):
    """It forgets old ones, and a release may be paused for weeks."""
    stub.add_client_error("get_change", "NoSuchChange")
    assert records().in_sync("/change/C1")


def test_a_zone_that_is_being_changed_is_a_conflict(stub: Stubber):
    """The shift waits and asks again."""
    stub.add_response("list_resource_record_sets", listing(record("blue", 1), record("green", 0)))
    stub.add_client_error("change_resource_record_sets", "PriorRequestNotComplete")
    with pytest.raises(ConflictError, match="Z1"):
        records().set_weights(TRACKS, {"blue": 90, "green": 10})


def test_any_other_refusal_of_a_change_stays_aws_s_own(stub: Stubber):
    """A missing permission is not to be retried as a conflict."""
    stub.add_response("list_resource_record_sets", listing(record("blue", 1), record("green", 0)))
    stub.add_client_error("change_resource_record_sets", "AccessDenied", "not authorized")
    with pytest.raises(ClientError, match="not authorized"):
        records().set_weights(TRACKS, {"blue": 90, "green": 10})


def test_records_of_other_names_are_not_taken_for_the_host_s(stub: Stubber):
    """A page goes on with the names that follow."""
    other = record("green", 5, name="other.example.com.")
    stub.add_response("list_resource_record_sets", listing(record("blue", 1), other), QUESTION)
    with pytest.raises(NotFoundError, match="found blue"):
        records().weights(TRACKS)


def test_an_unknown_zone_is_not_found(stub: Stubber):
    """The error names it."""
    stub.add_client_error("list_resource_record_sets", "NoSuchHostedZone")
    with pytest.raises(NotFoundError, match="Z1"):
        records().weights(TRACKS)
