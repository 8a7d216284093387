"""What CloudFormation calls to provision resources of given types, from their public schemas. Pure.

The schemas list everything that a type's handlers may call for any property. Left out is what no
template of this project can lead to: calls of services of which the stage has no resource, and the
features of `UNUSED`. Reads are kept: handlers check what they made.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

Permissions = Mapping[str, Mapping[str, Sequence[str]]]
"""The permissions of a type's handlers by type and operation, as the schemas list them."""

_WRITTEN = re.compile(r"[a-z0-9-]+:[A-Za-z]+")
_OPERATIONS = ("create", "read", "update", "delete")
_ALWAYS = frozenset({"iam"})
UNUSED = tuple(
    re.compile(pattern)
    for pattern in (
        # Items of tables: imports and replicas.
        r"dynamodb:(BatchWriteItem|DeleteItem|GetItem|PutItem|Query|Scan|UpdateItem)",
        r"dynamodb:\w*(Import|Kinesis|Replica)\w*",
        # Objects, and settings of buckets that no template of ours has.
        r"s3:(DeleteObject|GetObjectMetadata|ListBucket|PutObjectAcl|PutBucketAcl|GetBucketAcl)",
        r"s3:\w*(Abac|Accelerate|Analytics|CORS|Cors|IntelligentTiering|Inventory)\w*",
        r"s3:\w*(MetadataTable|Metadata\w*Table|Metrics|ObjectLock|Replication|Website)\w*",
        r"lambda:\w*(CapacityProvider|CodeSigning|Concurrency|LayerVersion|Recursion)\w*",
        r"lambda:\w*(RuntimeAlias|ScalingConfig|PublishVersion)\w*",
        r"logs:\w*(BearerToken|DataProtection|IndexPolic|KmsKey|LogDelivery|ResourcePolic)\w*",
        r"sns:\w*DataProtection\w*",
        r"secretsmanager:\w*(Replicat|Regions)\w*",
        r"application-autoscaling:\w*ScheduledAction\w*",
        r"elasticloadbalancing:\w*(CapacityReservation|IpPools)\w*",
        r"wafv2:(Disassociate|Get|Put)\w*Permission\w*",
        r"logs:(CreateLogStream|PutLogEvents)",
        r"ec2:\w*(Ipam|VerifiedAccess|FastLaunch|CoipPool|Vpn|EncryptionControl)\w*",
        r"iam:(GetRolePolicy|\w*RolePermissionsBoundary)",
    )
)
"""Features that no template of this project has, by the actions that only they need."""


def actions_for(types: Iterable[str], permissions: Permissions) -> frozenset[str]:
    """Every action that handlers of these types may call for templates of this project."""
    wanted = sorted(types)
    own = {_namespace(name, permissions) for name in wanted} | _ALWAYS
    listed = {
        action
        for name in wanted
        for operation in _OPERATIONS
        for action in permissions.get(name, {}).get(operation, ())
    }
    return frozenset(
        action
        for action in listed
        if _WRITTEN.fullmatch(action)
        and action.partition(":")[0] in own
        and not any(pattern.fullmatch(action) for pattern in UNUSED)
    )


def _namespace(type_name: str, permissions: Permissions) -> str:
    """The service of a type: that of what creates it."""
    created = [a for a in permissions.get(type_name, {}).get("create", ()) if ":" in a]
    service = type_name.split("::")[1].lower()
    spelled = [a.partition(":")[0] for a in created]
    same = [name for name in spelled if name.replace("-", "") == service]
    return (same or spelled or [service])[0]
