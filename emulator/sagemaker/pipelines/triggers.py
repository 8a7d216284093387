"""What starts pipelines by itself: targets of EventBridge, of rules and of schedules."""

import logging
import uuid
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from emulator.seams.events import Delivery

_log = logging.getLogger(__name__)

SESSION_NAME = "events"


class Triggers:
    """Starts pipelines on a thread of its own: whoever tells it something must not wait."""

    def __init__(
        self,
        *,
        session_of: Callable[[str], Any],
        trusts: Callable[[str, str], bool],
        principal_of: Callable[[str], str],
        pool: Executor,
    ) -> None:
        self._session_of = session_of
        self._trusts = trusts
        self._principal_of = principal_of
        self._pool = pool

    def delivered(self, delivery: Delivery) -> None:
        """The pipeline that is the target starts, by the permission of the target's role."""
        self._pool.submit(self._start, delivery)

    def _start(self, delivery: Delivery) -> None:
        arn, role = delivery.target_arn, delivery.role_arn
        principal = self._principal_of(delivery.rule_arn)
        if not role or not self._trusts(role, principal):
            _log.warning(
                "%s did not start %s: %s can't assume the target's role %r",
                delivery.rule_arn,
                arn,
                principal,
                role,
            )
            return
        given = delivery.target.get("SageMakerPipelineParameters") or {}
        try:
            client = self._session_of(role).client("sagemaker", region_name=arn.split(":")[3])
            client.start_pipeline_execution(
                PipelineName=arn.rpartition("/")[2],
                PipelineParameters=given.get("PipelineParameterList") or [],
                ClientRequestToken=uuid.uuid4().hex,
            )
        except Exception as error:  # noqa: BLE001 - one delivery may not end all others
            _log.warning("%s did not start %s: %s", delivery.rule_arn, arn, error)
