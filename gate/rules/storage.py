"""What holds data: that it outlives a replacement, and that its stack can go."""

from collections.abc import Iterator, Mapping

from gate.finding import Fault, Severity
from gate.rule import Rule, each, each_template
from gate.template import Resource, Template, items, references, target

BUCKET = "AWS::S3::Bucket"
STATEFUL: Mapping[str, str] = {
    BUCKET: "objects",
    "AWS::DocDB::DBCluster": "documents",
    "AWS::DynamoDB::GlobalTable": "items",
    "AWS::DynamoDB::Table": "items",
    "AWS::ECR::Repository": "images",
    "AWS::EFS::FileSystem": "files",
    "AWS::KMS::Key": "what it encrypted",
    "AWS::OpenSearchService::Domain": "documents",
    "AWS::RDS::DBCluster": "rows",
    "AWS::RDS::DBInstance": "rows",
    "AWS::S3Vectors::VectorBucket": "vectors",
    "AWS::SageMaker::FeatureGroup": "features",
}
"""Types that hold what nobody can make again, and what that is."""

_EMPTIES = ("EmptyBucket", "EmptyOnDelete", "AutoDelete", "AutoDeleteObjects")
"""What custom resources that empty a bucket are called: CDK's is Custom::S3AutoDeleteObjects."""

_KEPT = frozenset({"Retain", "Snapshot", "RetainExceptOnCreate"})


@each(*STATEFUL)
def _replaced(resource: Resource) -> Iterator[Fault]:
    policy = resource.body.get("UpdateReplacePolicy")
    if policy not in _KEPT:
        yield resource.fault_at(
            ("UpdateReplacePolicy",),
            f"a replacement would take {STATEFUL[resource.kind]} with it",
            got=policy,
            allowed="Retain or Snapshot",
        )


@each(*STATEFUL)
def _deleted(resource: Resource) -> Iterator[Fault]:
    if resource.body.get("DeletionPolicy") is None:
        yield resource.fault_at(
            ("DeletionPolicy",),
            f"nothing says what becomes of {STATEFUL[resource.kind]} when the stack goes",
            allowed="Retain, Snapshot, or Delete if that is meant",
        )


@each(BUCKET)
def _emptied(bucket: Resource) -> Iterator[Fault]:
    if bucket.body.get("DeletionPolicy") in _KEPT or _empties(bucket):
        return
    yield bucket.fault_at(
        ("DeletionPolicy",),
        "a bucket that is not empty cannot be deleted, and the stack stays in DELETE_FAILED",
        got=bucket.body.get("DeletionPolicy"),
        allowed="Retain, or a custom resource that empties the bucket first",
        advice="in CDK: auto_delete_objects=True, or removal_policy=RETAIN",
    )


def _empties(bucket: Resource) -> bool:
    return any(
        any(word in other.kind for word in _EMPTIES) and bucket.id in references(other.properties)
        for other in bucket.template.every.values()
        if other.kind.startswith(("Custom::", "AWS::CloudFormation::CustomResource"))
    )


@each("AWS::DynamoDB::Table")
def _protected(table: Resource) -> Iterator[Fault]:
    kept = table.body.get("DeletionPolicy") in _KEPT
    if kept and table.at("DeletionProtectionEnabled") is not True:
        yield table.fault(
            ("DeletionProtectionEnabled",),
            "the stack keeps the table, but anybody's DeleteTable does not",
            got=table.at("DeletionProtectionEnabled"),
            allowed="true",
        )


@each_template
def _terminated(template: Template) -> Iterator[Fault]:
    kept = [r.id for r in template.of(*STATEFUL) if r.body.get("DeletionPolicy") in _KEPT]
    if kept and template.protected is False:
        yield template.fault(
            (),
            f"the stack holds {', '.join(kept)} and may be deleted by one call",
            got="no termination protection",
            allowed="terminationProtection, or a stack policy that denies their replacement",
        )


@each("AWS::Logs::LogGroup")
def _retention(group: Resource) -> Iterator[Fault]:
    if group.at("RetentionInDays") is None:
        yield group.fault(
            ("RetentionInDays",),
            "its lines are kept, and paid, for ever",
            allowed="a number of days",
        )


@each("AWS::CloudTrail::Trail")
def _policy_first(user: Resource) -> Iterator[Fault]:
    bucket = target(user.at("S3BucketName"))
    after = {str(one) for one in items(user.body.get("DependsOn"))}
    for policy in user.template.of("AWS::S3::BucketPolicy"):
        if bucket and target(policy.at("Bucket")) == bucket and policy.id not in after:
            yield user.fault_at(
                ("DependsOn",),
                "the trail is refused before the bucket's policy is there",
                allowed=f"{policy.id} among them",
            )


RULES = (
    Rule(
        id="stateful-replacement",
        holds="what holds data outlives its replacement",
        source="CloudFormation user guide, UpdateReplacePolicy attribute",
        check=_replaced,
        severity=Severity.WARNING,
    ),
    Rule(
        id="stateful-deletion",
        holds="what holds data says what becomes of it when its stack goes",
        source="CloudFormation user guide, DeletionPolicy attribute",
        check=_deleted,
        severity=Severity.WARNING,
    ),
    Rule(
        id="bucket-not-empty",
        holds="a bucket that goes with its stack is emptied first",
        source="S3 API reference, DeleteBucket: BucketNotEmpty",
        check=_emptied,
    ),
    Rule(
        id="table-protection",
        holds="a table that is kept cannot be deleted by one call",
        source="DynamoDB API reference, CreateTable: DeletionProtectionEnabled",
        check=_protected,
        severity=Severity.WARNING,
    ),
    Rule(
        id="stack-protection",
        holds="(report) a stack that holds data is protected",
        source="CloudFormation user guide, Protecting stacks from being deleted",
        check=_terminated,
        severity=Severity.NOTE,
    ),
    Rule(
        id="log-retention",
        holds="log groups say how long lines are kept",
        source="CloudWatch Logs API reference, PutRetentionPolicy",
        check=_retention,
        severity=Severity.WARNING,
    ),
    Rule(
        id="trail-bucket-policy",
        holds="a trail is made after its bucket's policy",
        source="CloudTrail user guide, Amazon S3 bucket policy for CloudTrail",
        check=_policy_first,
    ),
)
