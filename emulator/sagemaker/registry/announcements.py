"""What EventBridge is told of model packages.

Source: SageMaker developer guide, "Events that Amazon SageMaker AI sends to Amazon EventBridge",
section "SageMaker model package state change".
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from emulator.sagemaker.names import Tenant
from emulator.sagemaker.registry import describe
from emulator.sagemaker.registry.state import ModelPackage
from emulator.seams.events import Event

Announce = Callable[[Tenant, Event], None]

_UNTOLD = frozenset({"ModelPackageName", "CreatedBy", "LastModifiedBy", "ModelCard"})
_MOMENTS = ("CreationTime", "LastModifiedTime")


def package_changed(package: ModelPackage, fields: Sequence[str] = ()) -> Event:
    """The package was created, or these fields of it were updated."""
    told = describe.package(package)
    detail: dict[str, Any] = {name: told[name] for name in told if name not in _UNTOLD}
    detail |= {name: moment_text(detail[name]) for name in _MOMENTS if name in detail}
    if fields:
        detail["UpdatedModelPackageFields"] = list(fields)
    return Event(
        source="aws.sagemaker",
        detail_type="SageMaker Model Package State Change",
        resources=(package.arn,),
        detail=detail,
    )


def moment_text(moment: float) -> str:
    """A moment in Unix seconds as AWS's events write it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
