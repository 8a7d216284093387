"""Roles that a resource works with: trusted to it, and complete before it is made."""

from collections.abc import Iterator, Mapping

from gate.finding import Fault, Path
from gate.policies import attached, rights, role_of, trusted, wholly_known
from gate.rule import Rule, each
from gate.template import Resource, Template, items, mappings, references, text_of

_USERS: Mapping[str, tuple[Path, str]] = {
    "AWS::CodeBuild::Project": (("ServiceRole",), "codebuild.amazonaws.com"),
    "AWS::CodePipeline::Pipeline": (("RoleArn",), "codepipeline.amazonaws.com"),
    "AWS::Lambda::Function": (("Role",), "lambda.amazonaws.com"),
    "AWS::SageMaker::Model": (("ExecutionRoleArn",), "sagemaker.amazonaws.com"),
    "AWS::SageMaker::NotebookInstance": (("RoleArn",), "sagemaker.amazonaws.com"),
    "AWS::SageMaker::Pipeline": (("RoleArn",), "sagemaker.amazonaws.com"),
    "AWS::SageMaker::ProcessingJob": (("RoleArn",), "sagemaker.amazonaws.com"),
    "AWS::Scheduler::Schedule": (("Target", "RoleArn"), "scheduler.amazonaws.com"),
    "AWS::StepFunctions::StateMachine": (("RoleArn",), "states.amazonaws.com"),
    "AWS::KinesisFirehose::DeliveryStream": (
        ("ExtendedS3DestinationConfiguration", "RoleARN"),
        "firehose.amazonaws.com",
    ),
}
"""Who works with a role: where it names it, and the service that assumes it."""

_AT_ONCE = frozenset(_USERS) - {"AWS::Lambda::Function", "AWS::CodePipeline::Pipeline"}
"""Types that use the role's rights while they are made."""


@each(*_USERS)
def _trust(user: Resource) -> Iterator[Fault]:
    path, service = _USERS[user.kind]
    role = role_of(user, user.at(*path))
    if role is None:
        return
    by = trusted(role)
    if not {service, "*"} & by and not any(name.startswith("${") for name in by):
        yield role.fault(
            ("AssumeRolePolicyDocument",),
            f"{user.id} could not assume this role",
            got=sorted(by),
            allowed=service,
        )


@each(*_AT_ONCE)
def _late(user: Resource) -> Iterator[Fault]:
    role = role_of(user, user.at(*_USERS[user.kind][0]))
    if role is None:
        return
    earlier = _before(user.template, user.id)
    for policy in attached(role):
        if policy.id not in earlier and policy.kind != "AWS::IAM::ManagedPolicy":
            yield user.fault_at(
                ("DependsOn",),
                f"it may be made before {policy.id}, without which {role.id} may do nothing",
                got=items(user.body.get("DependsOn")),
                allowed=f"{policy.id} among them",
                advice=f"add the dependency: in CDK {user.id}.node.add_dependency(role)",
            )


@each("AWS::Lambda::EventSourceMapping")
def _late_source(mapping: Resource) -> Iterator[Fault]:
    every = mapping.template.every
    function = next((every[i] for i in references(mapping.at("FunctionName")) if i in every), None)
    if function is None or function.kind != "AWS::Lambda::Function":
        return
    role = role_of(function, function.at("Role"))
    earlier = _before(mapping.template, mapping.id)
    for policy in () if role is None else attached(role):
        if policy.id not in earlier and policy.kind != "AWS::IAM::ManagedPolicy":
            yield mapping.fault_at(
                ("DependsOn",),
                f"Lambda tries the source at once, and {policy.id} may not be there yet",
                got=items(mapping.body.get("DependsOn")),
                allowed=f"{policy.id}, or the function depending on it",
            )


def _before(template: Template, id_: str) -> set[str]:
    """Everything that CloudFormation makes before a resource."""
    seen: set[str] = set()
    waiting = [id_]
    while waiting:
        resource = template.every.get(waiting.pop())
        if resource is None:
            continue
        named = {*map(str, items(resource.body.get("DependsOn"))), *references(resource.properties)}
        waiting += named - seen
        seen |= named
    return seen


_PULL = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


@each("AWS::SageMaker::Model")
def _reading(model: Resource) -> Iterator[Fault]:
    role = role_of(model, model.at("ExecutionRoleArn"))
    if role is None or not wholly_known(role):
        return
    listed = [model.at("PrimaryContainer"), *items(model.at("Containers"))]
    # Image and artifact of a model package are SageMaker's to fetch.
    own = [each for each in mappings(listed) if each.get("ModelPackageName") is None]
    needed = {} if not own else dict.fromkeys(_PULL, "its image")
    if any(text_of(each.get("ModelDataUrl")) is not None for each in own):
        needed["s3:GetObject"] = "its artifact"
    may = rights(role)
    missing = [action for action in needed if not any(s.covers(action) for s in may)]
    if missing:
        yield model.fault(
            ("ExecutionRoleArn",),
            f"{role.id} cannot read {' and '.join(sorted({needed[m] for m in missing}))}",
            got=f"lacks {', '.join(missing)}",
        )


RULES = (
    Rule(
        id="role-trust",
        holds="a role is trusted to the service that works with it",
        source="IAM user guide, Creating a role for an AWS service",
        check=_trust,
    ),
    Rule(
        id="late-role-policy",
        holds="what uses a role while it is made depends on the role's policies",
        source="CloudFormation user guide, DependsOn attribute",
        check=_late,
    ),
    Rule(
        id="late-source-policy",
        holds="an event source is connected when its function may read it",
        source="Lambda developer guide, event source mappings: CreateEventSourceMapping",
        check=_late_source,
    ),
    Rule(
        id="execution-role-reads",
        holds="a model's role may read image and artifact",
        source="SageMaker developer guide, CreateModel API: execution role permissions",
        check=_reading,
    ),
)
