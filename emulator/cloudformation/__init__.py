"""CloudFormation resource types of the embedded cloud: ours, and the generically recorded rest."""

from emulator.cloudformation.registry import RESOURCE_TYPES
from emulator.cloudformation.schemas import bundled_catalogue
from emulator.runtime import Runtime


def install(_runtime: Runtime) -> None:
    """Stacks of the cloud can hold every public resource type."""
    from emulator.seams.cloudformation import CloudFormationSeam  # noqa: PLC0415 - imports ministack

    CloudFormationSeam(RESOURCE_TYPES, bundled_catalogue()).attach()
