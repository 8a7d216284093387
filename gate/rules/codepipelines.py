"""CodePipeline: what a source needs, and what the pipeline's role must be able to ask."""

from collections.abc import Iterator

from gate.finding import Fault, Path, Severity
from gate.policies import rights, role_of, wholly_known
from gate.rule import Rule, each
from gate.template import Json, Resource, below, mappings, target

KIND = "AWS::CodePipeline::Pipeline"
_CONDITIONS = ("BeforeEntry", "OnSuccess", "OnFailure")
_GUIDE = "CodePipeline user guide"


def _actions(pipeline: Resource) -> Iterator[tuple[Path, Json]]:
    for index, stage in enumerate(mappings(pipeline.at("Stages"))):
        for inner, action in enumerate(mappings(stage.get("Actions"))):
            yield ("Stages", index, "Actions", inner), action


def _rules(pipeline: Resource) -> Iterator[tuple[Path, Json]]:
    for index, stage in enumerate(mappings(pipeline.at("Stages"))):
        for when in _CONDITIONS:
            for number, condition in enumerate(mappings(below(stage, when, "Conditions"))):
                for inner, rule in enumerate(mappings(condition.get("Rules"))):
                    yield ("Stages", index, when, "Conditions", number, "Rules", inner), rule


@each(KIND)
def _type(pipeline: Resource) -> Iterator[Fault]:
    needing = [path for path, _ in _rules(pipeline)]
    needing += [("Triggers",)] if pipeline.at("Triggers") else []
    needing += (
        [("ExecutionMode",)] if pipeline.at("ExecutionMode") in {"QUEUED", "PARALLEL"} else []
    )
    if needing and pipeline.at("PipelineType") != "V2":
        yield pipeline.fault(
            ("PipelineType",),
            "conditions, triggers and execution modes are of pipelines of type V2",
            got=pipeline.at("PipelineType"),
            allowed="V2",
        )


@each(KIND)
def _source(pipeline: Resource) -> Iterator[Fault]:
    for path, action in _actions(pipeline):
        if below(action, "ActionTypeId", "Category") != "Source":
            continue
        if path[1] != 0:
            yield pipeline.fault(
                path, "sources are in the first stage only", got=action.get("Name")
            )
        if below(action, "ActionTypeId", "Provider") == "S3":
            yield from _versioned(pipeline, path, action)


def _versioned(pipeline: Resource, path: Path, action: Json) -> Iterator[Fault]:
    bucket = pipeline.template.every.get(target(below(action, "Configuration", "S3Bucket")))
    if bucket is not None and bucket.at("VersioningConfiguration", "Status") != "Enabled":
        yield bucket.fault(
            ("VersioningConfiguration", "Status"),
            f"the source {'.'.join(map(str, path))} of {pipeline.id} needs a versioned bucket",
            got=bucket.at("VersioningConfiguration", "Status"),
            allowed="Enabled",
        )


@each(KIND)
def _rollback(pipeline: Resource) -> Iterator[Fault]:
    first = next(iter(mappings(pipeline.at("Stages"))), {})
    if below(first, "OnFailure", "Result") == "ROLLBACK":
        yield pipeline.fault(
            ("Stages", 0, "OnFailure", "Result"),
            "a stage of sources cannot be rolled back",
            got="ROLLBACK",
            allowed="RETRY, or nothing",
        )


@each(KIND)
def _alarms(pipeline: Resource) -> Iterator[Fault]:
    role = role_of(pipeline, pipeline.at("RoleArn"))
    needs = {
        "CloudWatchAlarm": "cloudwatch:DescribeAlarms",
        "LambdaInvoke": "lambda:InvokeFunction",
    }
    if role is None or not wholly_known(role):
        return
    may = rights(role)
    for path, rule in _rules(pipeline):
        action = needs.get(str(below(rule, "RuleTypeId", "Provider")))
        own = rule.get("RoleArn") is not None
        if action and not own and not any(statement.covers(action) for statement in may):
            yield pipeline.fault(
                path,
                f"{role.id} may not {action}, which the rule needs; CDK does not add it",
                got=rule.get("Name"),
                allowed=action,
            )


@each(KIND)
def _wait(pipeline: Resource) -> Iterator[Fault]:
    for path, rule in _rules(pipeline):
        wait = below(rule, "Configuration", "WaitTime")
        of_alarm = below(rule, "RuleTypeId", "Provider") == "CloudWatchAlarm"
        if of_alarm and str(wait).isdigit() and int(wait) > 60:
            yield pipeline.fault(
                (*path, "Configuration", "WaitTime"),
                "WaitTime is in minutes",
                got=wait,
                allowed="minutes, such as 5",
            )


RULES = (
    Rule(
        id="codepipeline-type",
        holds="a pipeline with conditions, triggers or execution modes is of type V2",
        source=f"{_GUIDE}, Pipeline types",
        check=_type,
    ),
    Rule(
        id="codepipeline-source",
        holds="sources are in the first stage, and a bucket that is one keeps versions",
        source=f"{_GUIDE}, Amazon S3 source action reference",
        check=_source,
    ),
    Rule(
        id="codepipeline-rollback",
        holds="the first stage does not roll back",
        source=f"{_GUIDE}, Stage rollback",
        check=_rollback,
    ),
    Rule(
        id="codepipeline-rule-role",
        holds="the pipeline's role may do what the rules of its conditions do",
        source=f"{_GUIDE}, CloudWatchAlarm and LambdaInvoke rule reference",
        check=_alarms,
    ),
    Rule(
        id="codepipeline-wait",
        holds="an alarm rule's wait is in minutes",
        source=f"{_GUIDE}, CloudWatchAlarm rule reference",
        check=_wait,
        severity=Severity.WARNING,
    ),
)
