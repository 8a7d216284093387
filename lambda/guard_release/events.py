"""What CloudFormation is told of an admission."""

from tidegate_aws.cloudformation import Done


def admitted(model: str, reason: str) -> Done:
    """The answer for a deploy that may go on."""
    return Done(physical_id=model, data={"Reason": reason})
