"""What starts pipelines by itself: new objects of S3 sources, and rules of EventBridge.

On AWS a polling source is asked about once a minute; here the new object itself is noticed.
"""

import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Any

from emulator.codepipeline.declaration import ActionDeclaration
from emulator.codepipeline.engine import Engine
from emulator.codepipeline.errors import CodePipelineError
from emulator.codepipeline.state import Pipeline, Trigger
from emulator.codepipeline.store import Store
from emulator.runtime import Runtime
from emulator.seams.events import Delivery

_log = logging.getLogger(__name__)

EVENTS_PRINCIPAL = "events.amazonaws.com"
SESSION_NAME = "events"


class Triggers:
    """Starts pipelines on a thread of its own: whoever tells it something must not wait."""

    def __init__(
        self,
        *,
        store: Store,
        engine: Engine,
        runtime: Runtime,
        trusts: Callable[[str, str], bool],
        pool: Executor,
    ) -> None:
        self._store = store
        self._engine = engine
        self._runtime = runtime
        self._trusts = trusts
        self._pool = pool

    def object_created(self, account: str, bucket: str, key: str) -> None:
        """Pipelines that poll for the object start."""
        for pipeline in self._store.all():
            if pipeline.tenant.account == account and _polls(pipeline, bucket, key):
                self._pool.submit(self._start, pipeline, f"s3://{bucket}/{key}")

    def delivered(self, delivery: Delivery) -> None:
        """The pipeline that is the rule's target starts, by the permission of the target's role."""
        self._pool.submit(self._start_by_rule, delivery)

    def _start(self, pipeline: Pipeline, detail: str) -> None:
        try:
            self._engine.start(pipeline, Trigger(type="PollForSourceChanges", detail=detail))
        except CodePipelineError as error:
            _log.warning("%s was not started: %s", pipeline.name, error.message)

    def _start_by_rule(self, delivery: Delivery) -> None:
        parts = delivery.target_arn.split(":")
        region, name = parts[3], parts[5]
        if not delivery.role_arn or not self._trusts(delivery.role_arn, EVENTS_PRINCIPAL):
            _log.warning(
                "rule %s did not start %s: EventBridge can't assume the target's role %r",
                delivery.rule_arn,
                name,
                delivery.role_arn,
            )
            return
        try:
            session = self._runtime.session_for_role(delivery.role_arn, SESSION_NAME)
            request = _request(delivery.input)
            client = session.client("codepipeline", region_name=region)
            started = client.start_pipeline_execution(name=name, **request)
        except Exception as error:  # noqa: BLE001 - one delivery may not end all others
            _log.warning("rule %s did not start %s: %s", delivery.rule_arn, name, error)
            return
        self._rename(delivery, started["pipelineExecutionId"])

    def _rename(self, delivery: Delivery, execution_id: str) -> None:
        """The execution says that the rule started it."""
        for pipeline in self._store.all():
            if pipeline.arn == delivery.target_arn and execution_id in pipeline.executions:
                pipeline.executions[execution_id].trigger = Trigger(
                    type="CloudWatchEvent", detail=delivery.rule_arn
                )


def _polls(pipeline: Pipeline, bucket: str, key: str) -> bool:
    actions = (a for stage in pipeline.declaration.stages for a in stage.actions)
    return any(_is_polled(action, bucket, key) for action in actions)


def _is_polled(action: ActionDeclaration, bucket: str, key: str) -> bool:
    given = action.configuration
    return (
        (action.category, action.provider) == ("Source", "S3")
        and given.get("PollForSourceChanges", "true").lower() != "false"
        and (given["S3Bucket"], given["S3ObjectKey"]) == (bucket, key)
    )


def _request(text: str | None) -> Mapping[str, Any]:
    """Variables and source revisions, where the rule's target gives an input of its own."""
    if text is None:
        return {}
    given = json.loads(text)
    known = ("variables", "sourceRevisions")
    return {name: given[name] for name in known if isinstance(given, dict) and name in given}
