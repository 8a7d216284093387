"""CloudFormation: stacks and change sets, made with the execution role that the action passes."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from emulator.codepipeline.context import Context, Outcome
from emulator.codepipeline.errors import CONFIGURATION_ERROR, JOB_FAILED, ActionError
from emulator.codepipeline.sessions import explained
from emulator.seams.services import Permission

_NO_UPDATE = "No updates are to be performed"
_NO_CHANGE = ("The submitted information didn't contain changes", _NO_UPDATE)


def run(context: Context) -> Outcome:
    """The stack or change set is as the action mode says; its outputs are the variables."""
    modes: Mapping[str, Callable[[Context], None]] = {
        "CREATE_UPDATE": _create_or_update,
        "REPLACE_ON_FAILURE": _replace_on_failure,
        "CHANGE_SET_REPLACE": _replace_change_set,
        "CHANGE_SET_EXECUTE": _execute_change_set,
        "DELETE_ONLY": _delete,
    }
    mode = context.required("ActionMode")
    if mode not in modes:
        raise ActionError(
            CONFIGURATION_ERROR, f"ActionMode must be one of {', '.join(modes)}, got {mode}"
        )
    modes[mode](context)
    if mode == "DELETE_ONLY":
        return Outcome(summary="Stack DELETE_COMPLETE")
    stack = _stack(context)
    outputs = {o["OutputKey"]: o["OutputValue"] for o in (stack or {}).get("Outputs", [])}
    if context.outputs and mode != "CHANGE_SET_REPLACE":
        name = context.configuration.get("OutputFileName", "")
        if not name:
            raise ActionError(CONFIGURATION_ERROR, "an output artifact needs OutputFileName")
        context.put_output_files(context.outputs[0], {name: json.dumps(outputs)})
    status = "" if stack is None else stack["StackStatus"]
    return Outcome(variables=outputs, summary=f"Stack {status}")


def _create_or_update(context: Context) -> None:
    stack = _stack(context)
    request = _template_request(context)
    client = context.client("cloudformation")
    if stack is None or stack["StackStatus"] == "REVIEW_IN_PROGRESS":
        context.call(client, "create_stack", **request)
        _settle(context, ("CREATE_COMPLETE",))
        return
    try:
        client.update_stack(**request)
    except ClientError as error:
        if _NO_UPDATE in str(error):
            return
        raise explained(error) from error
    _settle(context, ("UPDATE_COMPLETE",))


def _replace_on_failure(context: Context) -> None:
    stack = _stack(context)
    if stack is not None and stack["StackStatus"] in (
        "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED",
        "UPDATE_ROLLBACK_FAILED",
    ):  # fmt: skip
        _delete(context)
    _create_or_update(context)


def _replace_change_set(context: Context) -> None:
    name = _change_set_name(context)
    stack = _stack(context)
    client = context.client("cloudformation")
    new = stack is None or stack["StackStatus"] == "REVIEW_IN_PROGRESS"
    if stack is not None:
        context.call(client, "delete_change_set", StackName=stack["StackName"], ChangeSetName=name)
    request = {
        **_template_request(context),
        "ChangeSetName": name,
        "ChangeSetType": "CREATE" if new else "UPDATE",
    }
    context.call(client, "create_change_set", **request)

    def made() -> Any | None:
        seen = context.call(
            client,
            "describe_change_set",
            StackName=context.required("StackName"),
            ChangeSetName=name,
        )
        return seen if seen["Status"] in ("CREATE_COMPLETE", "FAILED") else None

    done = context.wait_for(made)
    reason = str(done.get("StatusReason", ""))
    if done["Status"] == "FAILED" and not reason.startswith(_NO_CHANGE):
        raise ActionError(JOB_FAILED, f"Change set {name} failed: {reason}")


def _execute_change_set(context: Context) -> None:
    name, stack = _change_set_name(context), context.required("StackName")
    client = context.client("cloudformation")
    seen = context.call(client, "describe_change_set", StackName=stack, ChangeSetName=name)
    if seen["Status"] == "FAILED" and str(seen.get("StatusReason", "")).startswith(_NO_CHANGE):
        return
    context.call(client, "execute_change_set", StackName=stack, ChangeSetName=name)
    _settle(context, ("CREATE_COMPLETE", "UPDATE_COMPLETE"))


def _delete(context: Context) -> None:
    stack = _stack(context)
    if stack is None:
        return
    client = context.client("cloudformation")
    # A deleted stack is found by its id only.
    request: dict[str, str] = {"StackName": stack["StackName"]}
    role = _passed_role(context)
    if role is not None:
        request["RoleARN"] = role
    context.call(client, "delete_stack", **request)

    def gone() -> str | None:
        seen = _stack(context, stack["StackId"])
        status = "DELETE_COMPLETE" if seen is None else str(seen["StackStatus"])
        return None if status.endswith("_IN_PROGRESS") else status

    status = context.wait_for(gone)
    if status != "DELETE_COMPLETE":
        raise ActionError(JOB_FAILED, f"Stack {stack['StackName']} ended as {status}")


def _template_request(context: Context) -> dict[str, Any]:
    if not context.configuration.get("TemplatePath"):
        raise ActionError(CONFIGURATION_ERROR, "TemplatePath is required for this ActionMode")
    settings = _template_configuration(context)
    parameters = {**settings.get("Parameters", {}), **_overrides(context)}
    request: dict[str, Any] = {
        "StackName": context.required("StackName"),
        "TemplateBody": context.input_file(context.required("TemplatePath")),
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": str(value)} for key, value in parameters.items()
        ],
    }
    capabilities = context.configuration.get("Capabilities")
    if capabilities:
        request["Capabilities"] = [name.strip() for name in capabilities.split(",")]
    tags = settings.get("Tags", {})
    if tags:
        request["Tags"] = [{"Key": key, "Value": str(value)} for key, value in tags.items()]
    role = _passed_role(context)
    if role is not None:
        request["RoleARN"] = role
    return request


def _template_configuration(context: Context) -> Mapping[str, Any]:
    reference = context.configuration.get("TemplateConfiguration")
    if not reference:
        return {}
    try:
        settings: Mapping[str, Any] = json.loads(context.input_file(reference))
    except ValueError as error:
        raise ActionError(
            CONFIGURATION_ERROR, f"TemplateConfiguration is no valid JSON: {error}"
        ) from error
    return settings


def _overrides(context: Context) -> dict[str, Any]:
    if not context.configuration.get("ParameterOverrides"):
        return {}
    given: Mapping[str, Any] = context.json_of("ParameterOverrides")
    return {name: _value(context, value) for name, value in given.items()}


def _value(context: Context, value: Any) -> Any:
    """`Fn::GetArtifactAtt` and `Fn::GetParam` of an override."""
    if not isinstance(value, Mapping):
        return value
    if "Fn::GetParam" in value:
        artifact, path, key = value["Fn::GetParam"]
        return json.loads(context.input_file(f"{artifact}::{path}"))[key]
    if "Fn::GetArtifactAtt" in value:
        artifact, attribute = value["Fn::GetArtifactAtt"]
        place = context.run.inputs[artifact]
        url = f"{context.services.endpoint_url}/{place.bucket}/{place.key}"
        known = {"BucketName": place.bucket, "ObjectKey": place.key, "URL": url}
        return known[attribute]
    raise ActionError(CONFIGURATION_ERROR, f"ParameterOverrides: unknown function {list(value)}")


def _passed_role(context: Context) -> str | None:
    """The execution role, which the action's role must be allowed to pass."""
    role = context.configuration.get("RoleArn")
    if not role:
        return None
    asked = {"iam:PassedToService": "cloudformation.amazonaws.com"}
    context.require(Permission(action="iam:PassRole", resource=role, context=asked))
    return role


def _change_set_name(context: Context) -> str:
    if not context.configuration.get("ChangeSetName"):
        raise ActionError(CONFIGURATION_ERROR, "ChangeSetName is required for this ActionMode")
    return context.required("ChangeSetName")


def _stack(context: Context, name: str | None = None) -> Any | None:
    """The stack, None if there is none."""
    wanted = context.required("StackName") if name is None else name
    try:
        found = context.client("cloudformation").describe_stacks(StackName=wanted)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise explained(error) from error
    return found[0] if found else None


def _settle(context: Context, good: tuple[str, ...]) -> None:
    """The stack has settled well; ActionError with the first failed resource if not."""

    def settled() -> Any | None:
        seen = _stack(context)
        moving = seen is None or seen["StackStatus"].endswith("_IN_PROGRESS")
        return None if moving else seen

    done = context.wait_for(settled)
    context.run.external_id = done["StackId"]
    if done["StackStatus"] not in good:
        reason = done.get("StackStatusReason", "")
        raise ActionError(
            JOB_FAILED, f"Stack {done['StackName']} ended as {done['StackStatus']}: {reason}"
        )
