"""What CloudFormation is told of an emptied bucket."""

from tidegate_aws.cloudformation import CustomResourceRequest, Done


def bucket_of(request: CustomResourceRequest) -> str:
    """The bucket that the custom resource is about."""
    return str(request.properties["BucketName"])


def kept(request: CustomResourceRequest, reason: str) -> Done:
    """Nothing was deleted. The id never changes: another bucket replaces nothing."""
    return Done(physical_id=request.logical_id, data={"Reason": reason})


def emptied(request: CustomResourceRequest, objects: int) -> Done:
    """The bucket is empty."""
    return Done(physical_id=request.logical_id, data={"Reason": f"{objects} objects deleted"})
