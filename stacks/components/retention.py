"""What becomes of data when its stack goes, said once."""

from aws_cdk import CfnResource

from stacks.project.spec import DataOnDestroy


def keep_data(resource: CfnResource, on_destroy: DataOnDestroy) -> None:
    """The data outlives a replacement always, and its stack if the stage says so."""
    policy = "Retain" if on_destroy is DataOnDestroy.KEEP else "Delete"
    resource.add_override("DeletionPolicy", policy)
    resource.add_override("UpdateReplacePolicy", "Retain")


def keep_former(resource: CfnResource) -> None:
    """The resource that a replacement leaves behind is kept: a release may go back to it."""
    resource.add_override("DeletionPolicy", "Delete")
    resource.add_override("UpdateReplacePolicy", "Retain")
