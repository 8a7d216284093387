"""CloudFormation resource types of the embedded cloud: ours, and the generically recorded rest."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from emulator.cloudformation.registry import RESOURCE_TYPES
from emulator.cloudformation.schemas import bundled_catalogue
from emulator.runtime import Runtime

if TYPE_CHECKING:
    from emulator.cloudformation.generic import RecordedResource

_recorded: dict[int, "Callable[[], tuple[RecordedResource, ...]]"] = {}


def install(runtime: Runtime) -> None:
    """Stacks of the cloud can hold every public resource type."""
    from emulator.seams.cloudformation import CloudFormationSeam  # noqa: PLC0415 - imports ministack

    seam = CloudFormationSeam(RESOURCE_TYPES, bundled_catalogue())
    seam.attach()
    _recorded[id(runtime)] = seam.recorded


def recorded(runtime: Runtime) -> "tuple[RecordedResource, ...]":
    """What stacks of that cloud hold on paper only, for services that ask what is declared."""
    found = _recorded.get(id(runtime))
    return () if found is None else found()
