"""What CloudFormation is told of what was emptied."""

from tidegate_aws.cloudformation import CustomResourceRequest, Done


def bucket_of(request: CustomResourceRequest) -> str:
    """The bucket that the custom resource is about."""
    return str(request.properties["BucketName"])


def group_of(request: CustomResourceRequest) -> str | None:
    """The group of model packages that it is about, None where it is about a bucket."""
    named = request.properties.get("PackageGroupName")
    return None if named is None else str(named)


def kept(request: CustomResourceRequest, reason: str) -> Done:
    """Nothing was deleted. The id never changes: another name replaces nothing."""
    return Done(physical_id=request.logical_id, data={"Reason": reason})


def emptied(request: CustomResourceRequest, objects: int) -> Done:
    """Nothing is left in it."""
    return Done(physical_id=request.logical_id, data={"Reason": f"{objects} objects deleted"})
