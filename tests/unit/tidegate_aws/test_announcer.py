"""Events and metrics about releases."""

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber

from tests import samples
from tests.aws import mocked_aws
from tests.botocore_model import watched_requests
from tidegate.release import Phase
from tidegate.verdict import Verdict, VerdictKind
from tidegate_aws import clients
from tidegate_aws.announcer import AnnouncementError, AwsAnnouncer

VERDICT = Verdict(kind=VerdictKind.ROLL_BACK, reason="errors are 20 %", candidate_requests=108)
OVER = replace(
    samples.record(),
    phase=Phase.ROLLED_BACK,
    verdict=VERDICT,
    decided_at=samples.START + 90.0,
    restored_at=samples.START + 95.0,
    finished_at=samples.START + 96.0,
)


def announcer() -> AwsAnnouncer:
    """An announcer on the default bus."""
    return AwsAnnouncer(
        events=clients.events(),
        cloudwatch=clients.cloudwatch(),
        event_bus_name="default",
        metric_namespace="Tidegate",
    )


def test_the_end_of_a_release_is_measured():
    """Zero is published too: no promotion is a fact, not a gap."""
    with mocked_aws(), watched_requests() as requests:
        announcer().changed(OVER, what="rolled-back")
        listed = clients.cloudwatch().list_metrics(Namespace="Tidegate")["Metrics"]
        names = {metric["MetricName"] for metric in listed}
        assert {tuple(m["Dimensions"][0].values()) for m in listed} == {("Model", "flights")}
    assert names == {"Promoted", "CandidateRequests", "ReleaseSeconds", "RestoreSeconds"}
    assert requests.faults == []


def test_a_release_that_goes_on_is_not_measured():
    """Only its event is published."""
    with mocked_aws():
        announcer().changed(samples.record(), what="paused")
        assert clients.cloudwatch().list_metrics(Namespace="Tidegate")["Metrics"] == []


def test_the_event_says_what_why_and_which_versions():
    """Other systems need not ask back."""
    sent: list[Any] = []

    class Bus:
        """A bus that keeps what it gets."""

        def put_events(self, **request: Any) -> Any:
            """Taken."""
            sent.extend(request["Entries"])
            return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}

    with mocked_aws():
        replace(announcer(), events=Bus()).changed(OVER, what="rolled-back")
    (event,) = sent
    detail = json.loads(event["Detail"])
    assert (event["Source"], event["DetailType"]) == ("tidegate", "Tidegate Release State Change")
    assert (detail["what"], detail["reason"]) == ("rolled-back", "errors are 20 %")
    assert detail["candidate"] == {"slot": "green", "version": samples.version("v2").digest}


def test_an_event_that_the_bus_refuses_is_an_error():
    """EventBridge answers 200 to what it does not take."""
    refused = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "E", "ErrorMessage": "too big"}]}
    with Stubber(clients.events()) as stub:
        stub.add_response("put_events", refused)
        with pytest.raises(AnnouncementError, match="too big"):
            announcer().changed(samples.record(), what="opened")
