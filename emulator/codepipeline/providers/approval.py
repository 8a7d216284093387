"""Manual approval: the execution waits for a person, told by SNS, at most seven days."""

import json
import uuid
from datetime import UTC, datetime

from emulator.codepipeline.context import Context, Outcome
from emulator.codepipeline.errors import JOB_FAILED, ActionError


def run(context: Context) -> Outcome:
    """Someone has approved; a rejection fails the action."""
    run = context.run
    run.token = str(uuid.uuid4())
    topic = context.configuration.get("NotificationArn")
    if topic:
        context.call(
            context.client("sns"),
            "publish",
            TopicArn=topic,
            Subject=_subject(context),
            Message=json.dumps(_message(context), indent=2),
        )
    decision = context.wait_to_be_woken(lambda: run.decision)
    run.token = None
    run.updated_by = decision.by
    run.summary = decision.summary
    if decision.status != "Approved":
        raise ActionError(JOB_FAILED, f"Rejected by {decision.by}: {decision.summary}")
    return Outcome(variables={"ApprovalSummary": decision.summary}, summary=decision.summary)


def _subject(context: Context) -> str:
    return (
        f"APPROVAL NEEDED: AWS CodePipeline {context.pipeline.name} "
        f"for action {context.run.declaration.name}"
    )[:100]


def _message(context: Context) -> dict[str, object]:
    run, region = context.run, context.pipeline.tenant.region
    expires = context.services.clock.now() + context.timeout_seconds
    approval = {
        "pipelineName": context.pipeline.name,
        "stageName": run.stage,
        "actionName": run.declaration.name,
        "token": run.token,
        "expires": f"{datetime.fromtimestamp(expires, UTC):%Y-%m-%dT%H:%MZ}",
        "externalEntityLink": context.configuration.get("ExternalEntityLink"),
        "customData": context.configuration.get("CustomData"),
    }
    return {
        "region": region,
        "consoleLink": None,
        "approval": {name: value for name, value in approval.items() if value is not None},
    }
