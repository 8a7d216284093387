"""Build and test by CodeBuild: the project runs on the input artifacts, as its own service role."""

import uuid
from typing import Any

from emulator.codebuild.state import PipelineJob, S3Object
from emulator.codepipeline.context import Context, Outcome
from emulator.codepipeline.errors import CONFIGURATION_ERROR, JOB_FAILED, ActionError
from emulator.codepipeline.state import Artifact


def run(context: Context) -> Outcome:
    """The build has succeeded and made the output artifacts."""
    outputs = {name: context.output_place(name) for name in context.outputs}
    token = str(uuid.uuid4())
    context.services.builds.announce(token, _job(context, outputs))
    codebuild = context.client("codebuild")
    request: dict[str, Any] = {
        "projectName": context.required("ProjectName"),
        "idempotencyToken": token,
    }
    if context.configuration.get("EnvironmentVariables"):
        request["environmentVariablesOverride"] = context.json_of("EnvironmentVariables")
    build = context.call(codebuild, "start_build", **request)["build"]
    context.run.external_id = build["id"]
    context.run.log_stream_arn = build.get("logs", {}).get("cloudWatchLogsArn")

    def ended() -> Any | None:
        seen = context.call(codebuild, "batch_get_builds", ids=[build["id"]])["builds"][0]
        return seen if seen["buildComplete"] else None

    done = context.wait_for(ended)
    if done["buildStatus"] != "SUCCEEDED":
        raise ActionError(JOB_FAILED, _failure(done))
    context.run.outputs = outputs
    exported = done.get("exportedEnvironmentVariables", [])
    return Outcome(variables={entry["name"]: entry["value"] for entry in exported})


def _job(context: Context, outputs: dict[str, Artifact]) -> PipelineJob:
    names = list(context.run.inputs)
    primary = context.configuration.get("PrimarySource", names[0])
    if primary not in names:
        raise ActionError(
            CONFIGURATION_ERROR,
            f"PrimarySource {primary} is not among the input artifacts: {', '.join(names)}",
        )
    revisions = {r.artifact: r.revision_id for r in context.execution.revisions}
    return PipelineJob(
        initiator=f"codepipeline/{context.pipeline.name}",
        inputs={name: _place(artifact) for name, artifact in context.run.inputs.items()},
        primary_input=primary,
        outputs={name: _place(artifact) for name, artifact in outputs.items()},
        revision=revisions.get(primary),
        encryption_key=context.execution.declaration.store(context.region).key_id,
    )


def _place(artifact: Artifact) -> S3Object:
    return S3Object(bucket=artifact.bucket, key=artifact.key)


def _failure(build: Any) -> str:
    """AWS's sentence, with the phase that failed first where there is one."""
    said = f"Build terminated with state: {build['buildStatus']}"
    for phase in build["phases"]:
        for found in phase.get("contexts", []):
            if phase.get("phaseStatus") not in ("SUCCEEDED", None) and found["statusCode"]:
                return (
                    f"{said}. Phase: {phase['phaseType']}, Code: {found['statusCode']}, "
                    f"Message: {found['message']}"
                )
    return said
