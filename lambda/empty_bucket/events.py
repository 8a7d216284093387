"""What CloudFormation is told of what was emptied."""

from tidegate_aws.cloudformation import CustomResourceRequest, Done


def bucket_of(request: CustomResourceRequest) -> str:
    """The bucket that the custom resource is about."""
    return str(request.properties["BucketName"])


def group_of(request: CustomResourceRequest) -> str | None:
    """The group of model packages that it is about, None where it is about a bucket."""
    named = request.properties.get("PackageGroupName")
    return None if named is None else str(named)


def campaign_of(request: CustomResourceRequest) -> str | None:
    """The campaign that it is about: it has the name of its solution. None of another resource."""
    solution = request.properties.get("SolutionArn")
    return None if solution is None else str(solution).replace(":solution/", ":campaign/")


def standing(request: CustomResourceRequest, campaign: str) -> Done:
    """The next run makes the campaign; that of another solution is another resource."""
    return Done(physical_id=campaign, data={"Reason": f"made by runs: {request.kind}"})


def ended(campaign: str) -> Done:
    """There is no such campaign."""
    return Done(physical_id=campaign, data={"Reason": "deleted"})


def kept(request: CustomResourceRequest, reason: str) -> Done:
    """Nothing was deleted. The id never changes: another name replaces nothing."""
    return Done(physical_id=request.logical_id, data={"Reason": reason})


def emptied(request: CustomResourceRequest, objects: int) -> Done:
    """Nothing is left in it."""
    return Done(physical_id=request.logical_id, data={"Reason": f"{objects} objects deleted"})
