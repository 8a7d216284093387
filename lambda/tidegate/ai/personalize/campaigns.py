"""Campaigns of arms: each is made once its solution has a model, and takes newer ones by itself.

Sources: Personalize API reference, CreateCampaign, UpdateCampaign; developer guide, "Automatic
campaign updates".
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tidegate.ai.personalize.arms import campaign_arn, name_of, solution_arn
from tidegate.ai.ports import Given, ServicePorts
from tidegate.ai.problems import CallRefusedError
from tidegate.ai.steps import Failed, Looked, Over

_FAILED = "CREATE FAILED"
_ABSENT = "ResourceNotFoundException"


def serve(arms: Sequence[Given], ports: ServicePorts) -> None:
    """Each arm's campaign is there, or under way, for as many requests as its settings say."""
    for arm in arms:
        told = _described(arm, ports)
        if told is None:
            _make(arm, ports)
        elif told["status"] == _FAILED:
            ports.calls.call("personalize", "DeleteCampaign", campaignArn=campaign_arn(arm))
        elif told["status"] == "ACTIVE" and told["minProvisionedTPS"] != _rate(arm):
            ports.calls.call(
                "personalize",
                "UpdateCampaign",
                campaignArn=campaign_arn(arm),
                minProvisionedTPS=_rate(arm),
            )


def look_at_campaigns(arms: Sequence[Given], ports: ServicePorts) -> Looked:
    """Over if all answer. One that is gone, as it failed before, is made."""
    waits = False
    for arm in arms:
        told = _described(arm, ports)
        if told is None:
            _make(arm, ports)
        elif told["status"] == _FAILED:
            reason = str(told.get("failureReason", told["status"]))[:500]
            return Failed(operation="personalize:CreateCampaign", reason=reason, of_input=False)
        waits = waits or told is None or told["status"] != "ACTIVE"
    return None if waits else Over()


def _rate(arm: Given) -> int:
    rate: int = arm.settings.campaign_rate
    return rate


def _described(arm: Given, ports: ServicePorts) -> Mapping[str, Any] | None:
    try:
        told = ports.calls.call("personalize", "DescribeCampaign", campaignArn=campaign_arn(arm))
    except CallRefusedError as error:
        if error.code != _ABSENT:
            raise
        return None
    found: Mapping[str, Any] = told["campaign"]
    return found


def _make(arm: Given, ports: ServicePorts) -> None:
    """One that was made before the function was killed stands."""
    try:
        ports.calls.call(
            "personalize",
            "CreateCampaign",
            name=name_of(arm),
            solutionVersionArn=f"{solution_arn(arm)}/$LATEST",
            minProvisionedTPS=_rate(arm),
            campaignConfig={"syncWithLatestSolutionVersion": True},
        )
    except CallRefusedError as error:
        if error.code != "ResourceAlreadyExistsException":
            raise
