"""Puts Greengrass V2 and IoT's role aliases into the running cloud."""

from collections.abc import Sequence
from dataclasses import dataclass

from emulator.ai.faults import FaultSource
from emulator.ai.frame import AiService, Asked
from emulator.ai.site import Site, Tenant, site_of
from emulator.cloudformation.registry import RESOURCE_TYPES
from emulator.greengrass.aliases import Aliases
from emulator.greengrass.components import Components, read_object
from emulator.greengrass.cores import Cores
from emulator.greengrass.deployments import Deployments
from emulator.greengrass.plane import Plane
from emulator.greengrass.recipes import ReadObject, objects_in
from emulator.greengrass.resources import (
    SERVICE,
    ComponentResource,
    DeploymentResource,
    register_components,
)
from emulator.runtime import Runtime
from emulator.seams import iot
from emulator.seams.services import Permission, register_service

IAM = "greengrass"


def install_greengrass(runtime: Runtime) -> None:
    """The services answer, their types are provisioned, and devices find their plane."""
    site = site_of(runtime)
    iot.name_things_in_policies()
    iot.act_as_roles()
    kept = _kept(site)
    aliases = kept.aliases.service()
    for service in (_service(kept), aliases):
        register_service(service.served(FaultSource(), site))
    register_service(_plane(site, runtime, kept).service())
    register_components(
        RESOURCE_TYPES,
        ComponentResource(
            components=kept.components, objects=lambda tenant: _objects(runtime, tenant)
        ),
        DeploymentResource(deployments=kept.deployments),
    )
    for name, handler in aliases.resource_types.items():
        RESOURCE_TYPES.add(name, handler)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kept:
    """Everything that one cloud keeps."""

    components: Components
    deployments: Deployments
    cores: Cores
    aliases: Aliases


def _kept(site: Site) -> _Kept:
    components = Components(now=site.now)
    deployments = Deployments(now=site.now, components=components, target_exists=_target_exists)
    return _Kept(
        components=components,
        deployments=deployments,
        cores=Cores(
            now=site.now, publish=site.publish, groups_of=_groups_of, deployments=deployments
        ),
        aliases=Aliases(now=site.now),
    )


def _service(kept: _Kept) -> AiService:
    return AiService(
        name=SERVICE,
        signing_name=IAM,
        iam_prefix=IAM,
        operations={
            **kept.components.operations(),
            **kept.deployments.operations(),
            **kept.cores.operations(),
        },
        resource=_resource,
        also_asked=lambda asked: _also_asked(asked, kept.deployments),
    )


def _resource(asked: Asked) -> str:
    """What the operation is about (service authorization reference, AWS IoT Greengrass V2)."""
    account, region = asked.tenant
    request, mine = asked.request, f"arn:aws:greengrass:{region}:{account}"
    if "deploymentId" in request:
        return f"{mine}:deployments:{request['deploymentId']}"
    if "coreDeviceThingName" in request:
        return f"{mine}:coreDevices:{request['coreDeviceThingName']}"
    return str(request.get("arn", "*"))


def _also_asked(asked: Asked, deployments: Deployments) -> Sequence[Permission]:
    """Dependent actions: of IoT for deployments, of S3 for a recipe's artifacts."""
    if asked.operation == "CreateComponentVersion":
        found = objects_in(str(asked.request.get("inlineRecipe", "")))
        return [
            Permission(action="s3:GetObject", resource=f"arn:aws:s3:::{bucket}/{key}")
            for bucket, key in found
        ]
    target = _target(asked, deployments)
    if target is None:
        return ()
    account, region = asked.tenant
    jobs = f"arn:aws:iot:{region}:{account}:job/*"
    wanted = {
        "CreateDeployment": [
            ("iot:DescribeThingGroup", target),
            ("iot:CreateJob", target),
            ("iot:CreateJob", jobs),
            ("iot:DescribeJob", jobs),
            ("iot:CancelJob", jobs),
            ("iot:UpdateJob", jobs),
        ],
        "GetDeployment": [("iot:DescribeJob", jobs), ("iot:DescribeThingGroup", target)],
        "CancelDeployment": [("iot:CancelJob", jobs), ("iot:DescribeJob", jobs)],
    }
    asks = wanted.get(asked.operation, [])
    return [Permission(action=action, resource=resource) for action, resource in asks]


def _target(asked: Asked, deployments: Deployments) -> str | None:
    if "targetArn" in asked.request:
        return str(asked.request["targetArn"])
    known = [
        one for one in deployments.of(asked.tenant) if one.id == asked.request.get("deploymentId")
    ]
    return known[0].target if known else None


def _target_exists(tenant: Tenant, arn: str) -> bool:
    if ":thinggroup/" in arn:
        return iot.group_exists(*tenant, arn)
    return iot.exists(*tenant, arn.partition(":thing/")[2])


def _groups_of(tenant: Tenant, thing: str) -> list[str]:
    return iot.groups_of(*tenant, thing)


def _objects(runtime: Runtime, tenant: Tenant) -> ReadObject:
    """Objects as the account's administrator reads them: the stack's role was asked before."""
    account, region = tenant
    keys = runtime.administrators[account]
    client = keys.session(endpoint_url=runtime.endpoint_url, region=region).client("s3")
    return lambda bucket, key: read_object(client, bucket, key)


def _plane(site: Site, runtime: Runtime, kept: _Kept) -> Plane:
    return Plane(
        components=kept.components,
        deployments=kept.deployments,
        cores=kept.cores,
        aliases=kept.aliases,
        groups_of=_groups_of,
        exists=lambda tenant, thing: iot.exists(*tenant, thing),
        role_credentials=runtime.role_credentials,
        trusts=site.trusts,
        publish_message=lambda tenant, topic, message: iot.publish(*tenant, topic, message),
        now=site.now,
    )
