"""Empty: what a stack's bucket or package group holds goes with the stack; its campaigns end.

S3 deletes empty buckets only, SageMaker empty groups of model packages, and Personalize solutions
without a campaign. A campaign bills, and holds no data: it ends whenever its resource goes.
"""

from typing import Any

from empty_bucket.events import (
    bucket_of,
    campaign_of,
    emptied,
    ended,
    group_of,
    kept,
    standing,
)
from tidegate_aws.campaigns import Campaign
from tidegate_aws.clients import ai
from tidegate_aws.cloudformation import CustomResourceRequest, Done, answer
from tidegate_aws.world import world

SPARE_MILLISECONDS = 60_000
"""What deleting a thousand objects may take at most, with all retries, and the answer after it."""

_GOING = "DELETE_IN_PROGRESS"


def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The answer that CloudFormation got."""
    return answer(event, lambda request: _empty(request, context))


def _empty(request: CustomResourceRequest, context: Any) -> Done:
    campaign = campaign_of(request)
    if campaign is not None:
        return _end(request, campaign, context)
    if request.kind != "Delete":
        return kept(request, "emptied when the stack goes")
    ports = world(())
    status = ports.stacks.status(request.stack_id)
    if status != _GOING:
        # The stage keeps its data from now on, and this resource has left the template.
        return kept(request, f"the stack stays ({status}), and so does what is in it")
    group = group_of(request)
    held = ports.bucket(bucket_of(request)) if group is None else ports.package_group(group)
    count = held.empty(
        out_of_time=lambda: context.get_remaining_time_in_millis() < SPARE_MILLISECONDS
    )
    return emptied(request, count)


def _end(request: CustomResourceRequest, campaign: str, context: Any) -> Done:
    if request.kind != "Delete":
        return standing(request, campaign)
    found = Campaign(client=ai("personalize"), arn=campaign, pause=world(()).clock.pause)
    found.end(out_of_time=lambda: context.get_remaining_time_in_millis() < SPARE_MILLISECONDS)
    return ended(campaign)
