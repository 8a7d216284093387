"""Buckets and package groups that go with their stack are emptied first; campaigns end.

S3 deletes empty buckets only, SageMaker empty groups of model packages, and Personalize solutions
without a campaign.
"""

from collections.abc import Sequence
from typing import Any

from stacks.components.arns import Arns, allow
from stacks.components.blueprint import Blueprint, ref
from stacks.components.handler_function import FunctionProps
from stacks.project.names import function_name
from stacks.project.spec import DataOnDestroy

PACKAGE = "empty_bucket"
TYPE, GROUP_TYPE = "Custom::EmptyBucket", "Custom::EmptyPackageGroup"
_SECONDS, _CAMPAIGN_SECONDS = 300, 900
"""Deleting a campaign takes minutes; a function has fifteen at most."""


AI = "ai-"
"""How names of stacks of AI services go on after project and stage: they empty their own."""


def campaign_statements(project: str, arns: Arns) -> list[dict[str, Any]]:
    """To end campaigns of the stage's services, whose names begin with the stage's."""
    named = arns.of("personalize", f"campaign/{f'{project}-{arns.stage.name}-'[:36]}*")
    return [allow(["personalize:DeleteCampaign", "personalize:DescribeCampaign"], [named])]


def emptying_function(
    project: str,
    arns: Arns,
    *,
    within: str = "",
    campaigns: Sequence[dict[str, Any]] = (),
) -> FunctionProps:
    """The function, found by its fixed name; it touches data only where it goes.

    `within` is how names of the stacks go on that it is for; `campaigns` are rights to end some.
    """
    stage = arns.stage
    stacks = f"{project}-{stage.name}-{within}*"
    statements: list[dict[str, Any]] = [
        allow(["cloudformation:DescribeStacks"], [arns.of("cloudformation", f"stack/{stacks}")])
    ]
    if stage.data_on_destroy is DataOnDestroy.DELETE:
        # CloudFormation begins a bucket's name with the stack's, in small letters.
        statements += [
            allow(["s3:ListBucket"], [arns.s3(stacks.lower())]),
            allow(["s3:DeleteObject"], [arns.s3(f"{stacks.lower()}/*")]),
            *_packages(arns, stacks, within),
        ]
    return FunctionProps(
        package=PACKAGE,
        description="Empties a bucket that goes with its stack",
        timeout_seconds=_CAMPAIGN_SECONDS if campaigns else _SECONDS,
        statements=[*statements, *campaigns],
        environment={"PROJECT": project, "STAGE": stage.name},
        fixed_name=function_name(project, stage.name, f"{within}{PACKAGE}"),
    )


def _packages(arns: Arns, stacks: str, within: str) -> list[dict[str, Any]]:
    """Groups of model packages are of stacks that train."""
    if within == AI:
        return []
    packages = arns.of("sagemaker", f"model-package/{stacks.lower()}")
    return [allow(["sagemaker:DeleteModelPackage", "sagemaker:ListModelPackages"], [packages])]


def empty_on_delete(
    blueprint: Blueprint,
    bucket: str,
    project: str,
    arns: Arns,
    *,
    after: tuple[str, ...] = (),
    within: str = "",
) -> tuple[str, ...]:
    """The bucket is emptied before it goes, if its data goes with the stage.

    Returns what must be there before anything writes to the bucket: CloudFormation then ends the
    writers first. `after` is the function, where it is in the same stack; `within` says which
    function, as of `emptying_function`.
    """
    if arns.stage.data_on_destroy is not DataOnDestroy.DELETE:
        return ()
    name = function_name(project, arns.stage.name, f"{within}{PACKAGE}")
    properties = {
        "ServiceToken": arns.of("lambda", f"function:{name}"),
        "BucketName": ref(bucket),
    }
    return (blueprint.add(f"{bucket}Emptying", TYPE, properties, after=after),)


def empty_group_on_delete(
    blueprint: Blueprint, group: str, *, named: str, project: str, arns: Arns
) -> None:
    """The group of that logical id has no version when it goes, if data goes with the stage."""
    if arns.stage.data_on_destroy is not DataOnDestroy.DELETE:
        return
    name = function_name(project, arns.stage.name, PACKAGE)
    properties = {
        "ServiceToken": arns.of("lambda", f"function:{name}"),
        "PackageGroupName": named,
    }
    blueprint.add(f"{group}Emptying", GROUP_TYPE, properties, after=[group])
