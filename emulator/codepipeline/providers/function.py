"""Lambda: the function is invoked with a job and reports its result to CodePipeline."""

import json
from typing import Any

from emulator.codepipeline.context import Context, Outcome
from emulator.codepipeline.errors import ActionError
from emulator.codepipeline.jobs import JobResult

CONTINUATION_PAUSE_SECONDS = 30.0
"""How long CodePipeline waits before it invokes a function again that asked for it (cloud time)."""


def run(context: Context) -> Outcome:
    """The function has called PutJobSuccessResult; PutJobFailureResult fails the run."""
    client = context.client("lambda")
    token: str | None = None
    while True:
        job = context.services.jobs.open(context.run)
        context.call(
            client,
            "invoke",
            FunctionName=context.required("FunctionName"),
            InvocationType="Event",
            Payload=json.dumps({"CodePipeline.job": _event(context, job, token)}),
        )
        result: JobResult = context.wait_to_be_woken(
            lambda job=job: context.services.jobs.result(job)  # type: ignore[misc]
        )
        if result.failure is not None:
            raise ActionError(*result.failure, external_id=result.external_id)
        context.run.external_id = result.external_id or context.run.external_id
        context.run.percent = result.percent
        if result.continuation_token is None:
            return Outcome(variables=result.variables, summary=result.summary)
        token = result.continuation_token
        context.rest(CONTINUATION_PAUSE_SECONDS)


def _event(context: Context, job: str, token: str | None) -> dict[str, Any]:
    credentials = context.credentials()
    context.run.outputs = context.run.outputs or {
        name: context.output_place(name) for name in context.outputs
    }
    known = ("FunctionName", "UserParameters")
    data: dict[str, Any] = {
        "actionConfiguration": {
            "configuration": {k: v for k, v in context.configuration.items() if k in known}
        },
        "inputArtifacts": [_artifact(name, a) for name, a in context.run.inputs.items()],
        "outputArtifacts": [_artifact(name, a) for name, a in context.run.outputs.items()],
        "artifactCredentials": {
            "accessKeyId": credentials.access_key,
            "secretAccessKey": credentials.secret_key,
            "sessionToken": credentials.session_token,
        },
    }
    key_id = context.execution.declaration.store(context.region).key_id
    if key_id is not None:
        data["encryptionKey"] = {"id": key_id, "type": "KMS"}
    if token is not None:
        data["continuationToken"] = token
    return {"id": job, "accountId": context.pipeline.tenant.account, "data": data}


def _artifact(name: str, artifact: Any) -> dict[str, Any]:
    place = {"bucketName": artifact.bucket, "objectKey": artifact.key}
    return {"name": name, "revision": None, "location": {"type": "S3", "s3Location": place}}
