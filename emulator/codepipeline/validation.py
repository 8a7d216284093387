"""What CodePipeline refuses in a declaration, and what only this emulation refuses. Pure.

Rules: AWS CodePipeline user guide, "Pipeline structure reference"; each provider's artifacts and
configuration: its page in "Action structure reference".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.codepipeline import errors

_MANY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What an action of one provider takes: least and most artifacts, configuration keys."""

    inputs: tuple[int, int]
    outputs: tuple[int, int]
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


_CLOUDFORMATION = (
    "Capabilities", "ChangeSetName", "OutputFileName", "ParameterOverrides", "RoleArn",
    "TemplateConfiguration", "TemplatePath",
)  # fmt: skip
KINDS: Mapping[tuple[str, str], Kind] = {
    ("Source", "S3"): Kind(
        inputs=(0, 0), outputs=(1, 1), required=("S3Bucket", "S3ObjectKey"),
        optional=("PollForSourceChanges", "AllowOverrideForS3ObjectKey"),
    ),
    ("Source", "CodeStarSourceConnection"): Kind(
        inputs=(0, 0), outputs=(1, 1),
        required=("ConnectionArn", "FullRepositoryId", "BranchName"),
        optional=("OutputArtifactFormat", "DetectChanges"),
    ),
    ("Approval", "Manual"): Kind(
        inputs=(0, 0), outputs=(0, 0),
        optional=("NotificationArn", "CustomData", "ExternalEntityLink"),
    ),
    ("Build", "CodeBuild"): Kind(
        inputs=(1, _MANY), outputs=(0, _MANY), required=("ProjectName",),
        optional=("PrimarySource", "EnvironmentVariables", "BatchEnabled", "CombineArtifacts"),
    ),
    ("Test", "CodeBuild"): Kind(
        inputs=(1, _MANY), outputs=(0, _MANY), required=("ProjectName",),
        optional=("PrimarySource", "EnvironmentVariables", "BatchEnabled", "CombineArtifacts"),
    ),
    ("Deploy", "CloudFormation"): Kind(
        inputs=(0, 10), outputs=(0, 1), required=("ActionMode", "StackName"),
        optional=_CLOUDFORMATION,
    ),
    ("Deploy", "S3"): Kind(
        inputs=(1, 1), outputs=(0, 0), required=("BucketName", "Extract"),
        optional=("ObjectKey", "KMSEncryptionKeyARN", "CannedACL", "CacheControl"),
    ),
    ("Invoke", "Lambda"): Kind(
        inputs=(0, _MANY), outputs=(0, _MANY), required=("FunctionName",),
        optional=("UserParameters",),
    ),
    ("Invoke", "StepFunctions"): Kind(
        inputs=(0, 1), outputs=(0, 1), required=("StateMachineArn",),
        optional=("ExecutionNamePrefix", "InputType", "Input"),
    ),
}  # fmt: skip
RULES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "CloudWatchAlarm": (("AlarmName",), ("AlarmStates", "WaitTime")),
    "LambdaInvoke": (("FunctionName",), ("UserParameters",)),
    "VariableCheck": (("Variable", "Value", "Operator"), ()),
}
"""Rule providers: configuration keys that they need, and others that they know."""

_CONDITION_RESULTS = {
    "beforeEntry": ("FAIL", "SKIP"),
    "onSuccess": ("FAIL", "ROLLBACK"),
    "onFailure": ("FAIL", "ROLLBACK", "RETRY", "SKIP"),
}


def check(wire: Mapping[str, Any]) -> None:
    """The declaration can run here, or CodePipelineError names every fault of its kind."""
    _refuse_unbuilt(wire)
    structure = [*_structure_faults(wire), *_condition_faults(wire)]
    if structure:
        raise errors.invalid_structure(structure)
    actions = [*_action_faults(wire), *_artifact_faults(wire)]
    if actions:
        raise errors.invalid_action(actions)


def _refuse_unbuilt(wire: Mapping[str, Any]) -> None:
    if wire.get("executionMode") == "PARALLEL":
        raise errors.not_emulated("execution mode PARALLEL (SUPERSEDED and QUEUED are)")
    for stage in wire["stages"]:
        for action in stage["actions"]:
            kind = (action["actionTypeId"]["category"], action["actionTypeId"]["provider"])
            if kind not in KINDS or action["actionTypeId"]["owner"] != "AWS":
                raise errors.not_emulated(f"actions of {kind[0]} provider {kind[1]}")
            if str(action.get("configuration", {}).get("BatchEnabled", "false")).lower() == "true":
                raise errors.not_emulated("batches of builds (BatchEnabled)")
        for rule in _rules(stage):
            provider = rule["ruleTypeId"]["provider"]
            if provider not in RULES:
                known = ", ".join(RULES)
                raise errors.not_emulated(f"rules of provider {provider} ({known} are)")


def _rules(stage: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for member in _CONDITION_RESULTS:
        for condition in stage.get(member, {}).get("conditions", []):
            yield from condition.get("rules", [])


def _structure_faults(wire: Mapping[str, Any]) -> Iterator[str]:
    stages = wire["stages"]
    if len(stages) < 2:
        yield f"Pipeline has {len(stages)} stage(s). There must be at least 2 stages in a pipeline"
    if ("artifactStore" in wire) == ("artifactStores" in wire):
        yield "Exactly one of artifactStore and artifactStores must be declared"
    yield from _duplicates("stage", [stage["name"] for stage in stages])
    for position, stage in enumerate(stages):
        actions = stage["actions"]
        if not actions:
            yield f"Stage {stage['name']} has no actions"
        yield from _duplicates(f"action in stage {stage['name']}", [a["name"] for a in actions])
        sources = [a["name"] for a in actions if a["actionTypeId"]["category"] == "Source"]
        if position == 0 and len(sources) != len(actions):
            yield "The first stage must contain source actions only"
        if position > 0 and sources:
            yield f"Stage {stage['name']} contains source actions: only the first stage may"
    if wire.get("pipelineType", "V1") == "V1":
        yield from _v2_faults(wire)


def _v2_faults(wire: Mapping[str, Any]) -> Iterator[str]:
    if wire.get("executionMode", "SUPERSEDED") != "SUPERSEDED":
        yield f"Execution mode {wire['executionMode']} needs pipeline type V2"
    for member in ("triggers", "variables"):
        if wire.get(member):
            yield f"{member} need pipeline type V2"
    for stage in wire["stages"]:
        for member in _CONDITION_RESULTS:
            if stage.get(member):
                yield f"{member} of stage {stage['name']} needs pipeline type V2"


def _duplicates(what: str, names: list[str]) -> Iterator[str]:
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"Duplicate {what}: {name}"


def _condition_faults(wire: Mapping[str, Any]) -> Iterator[str]:
    for position, stage in enumerate(wire["stages"]):
        for member, allowed in _CONDITION_RESULTS.items():
            declared = stage.get(member, {})
            results = [c.get("result", "FAIL") for c in declared.get("conditions", [])]
            results += [declared["result"]] if "result" in declared else []
            for result in results:
                if result not in allowed:
                    yield (
                        f"{member} of stage {stage['name']}: result {result} is not one of "
                        f"{', '.join(allowed)}"
                    )
                if result == "ROLLBACK" and position == 0:
                    yield f"The source stage {stage['name']} can't be rolled back"
        for rule in _rules(stage):
            yield from _rule_faults(stage["name"], rule)


def _rule_faults(stage: str, rule: Mapping[str, Any]) -> Iterator[str]:
    required, optional = RULES[rule["ruleTypeId"]["provider"]]
    given = rule.get("configuration", {})
    for name in required:
        if name not in given:
            yield f"Rule {rule['name']} of stage {stage} is missing configuration {name}"
    for name in sorted(set(given) - set(required) - set(optional)):
        yield f"Rule {rule['name']} of stage {stage}: unknown configuration {name}"


def _action_faults(wire: Mapping[str, Any]) -> Iterator[str]:
    namespaces: list[str] = []
    for stage in wire["stages"]:
        for action in stage["actions"]:
            type_id = action["actionTypeId"]
            kind = KINDS[type_id["category"], type_id["provider"]]
            where = f"Action {action['name']} in stage {stage['name']}"
            yield from _configuration_faults(where, kind, action.get("configuration", {}))
            yield from _count_faults(where, "input", kind.inputs, action.get("inputArtifacts", []))
            yield from _count_faults(
                where, "output", kind.outputs, action.get("outputArtifacts", [])
            )
            namespaces += [action["namespace"]] if "namespace" in action else []
    yield from _duplicates("namespace", namespaces)


def _configuration_faults(where: str, kind: Kind, given: Mapping[str, str]) -> Iterator[str]:
    for name in kind.required:
        if not given.get(name):
            yield f"{where} is missing required configuration {name}"
    for name in sorted(set(given) - set(kind.required) - set(kind.optional)):
        yield f"{where} contains unknown configuration {name}"


def _count_faults(
    where: str, what: str, bounds: tuple[int, int], artifacts: list[Any]
) -> Iterator[str]:
    least, most = bounds
    if not least <= len(artifacts) <= most:
        yield f"{where} has {len(artifacts)} {what} artifacts, allowed are {least} to {most}"


def _artifact_faults(wire: Mapping[str, Any]) -> Iterator[str]:
    made: set[str] = set()
    for stage in wire["stages"]:
        for order in sorted({a.get("runOrder", 1) for a in stage["actions"]}):
            group = [a for a in stage["actions"] if a.get("runOrder", 1) == order]
            for action in group:
                for artifact in action.get("inputArtifacts", []):
                    if artifact["name"] not in made:
                        yield (
                            f"Action {action['name']} in stage {stage['name']}: input artifact "
                            f"{artifact['name']} is not the output of an earlier action"
                        )
            outputs = [o["name"] for a in group for o in a.get("outputArtifacts", [])]
            yield from (f"Artifact {n} is the output of several actions" for n in outputs
                        if n in made or outputs.count(n) > 1)  # fmt: skip
            made.update(outputs)
