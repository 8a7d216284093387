"""The end of a campaign, whatever state it is in."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from tidegate_aws.campaigns import Campaign, CampaignStaysError

ARN = "arn:aws:personalize:us-east-1:123456789012:campaign/shop"
ASKED = {"campaignArn": ARN}


def ended(*answers: tuple[str, Any], seconds: int = 600) -> list[float]:
    """The waits until the campaign is gone; each answer is an operation and what AWS says to it."""
    client = boto3.client("personalize", region_name="us-east-1")
    waits: list[float] = []
    with Stubber(client) as stub:
        for operation, answer in answers:
            if isinstance(answer, str):
                stub.add_client_error(operation, answer, expected_params=ASKED)
            else:
                stub.add_response(operation, answer, ASKED)
        campaign = Campaign(client=client, arn=ARN, pause=waits.append)
        campaign.end(out_of_time=lambda: sum(waits) >= seconds)
        stub.assert_no_pending_responses()
    return waits


def is_(status: str) -> tuple[str, Any]:
    """The campaign has that status."""
    return "describe_campaign", {"campaign": {"campaignArn": ARN, "status": status}}


GONE = ("describe_campaign", "ResourceNotFoundException")


def test_one_that_is_there_is_deleted_and_waited_for() -> None:
    """It is asked to go once."""
    answers = (is_("ACTIVE"), ("delete_campaign", {}), is_("DELETE IN_PROGRESS"), GONE)
    assert ended(*answers) == [10, 10]


def test_one_that_was_never_made_is_gone() -> None:
    """No run trained a model."""
    assert ended(GONE) == []


def test_one_that_is_being_made_is_deleted_when_it_can_be() -> None:
    """AWS refuses to before."""
    answers = (
        is_("CREATE IN_PROGRESS"),
        ("delete_campaign", "ResourceInUseException"),
        is_("ACTIVE"),
        ("delete_campaign", {}),
        GONE,
    )
    assert ended(*answers) == [10, 10]


def test_one_that_stays_is_a_failed_end() -> None:
    """Whoever deletes the stack asks again."""
    going = [is_("DELETE IN_PROGRESS")] * 3
    with pytest.raises(CampaignStaysError, match="delete the stack again"):
        ended(*going, seconds=20)


def test_a_refusal_is_told() -> None:
    """It is no end."""
    with pytest.raises(ClientError, match="AccessDenied"):
        ended(("describe_campaign", "AccessDeniedException"))
