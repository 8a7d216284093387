"""Event source mappings of ministack's Lambda that read queues: as far as the function's role may.

ministack lets every mapping read, takes a batch as soon as there is a message, deletes what a
function reports as failed under a wrong name, and keeps a qualifier that a stack changes. Here the
role is asked at creation, as on AWS, and again before each batch; a mapping waits for its window.

Seams: of `lambda_svc` `_create_esm`, `_update_esm`, `_iter_all_esms`, `_run_sqs_batch`,
`_execute_function`, `_ESM_BACKOFF_SECONDS`, `_sqs_esm_concurrency` and `_esm_inflight`;
`sqs._delete_messages_for_esm`; `concurrency.esm_wake`.
"""

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

from ministack.core import concurrency, responses
from ministack.services import lambda_svc, sqs

from emulator.queues.batches import failed_messages
from emulator.seams import queues
from emulator.seams.tenancy import acting_for
from emulator.seams.trust import allows
from emulator.timekeeper import Timekeeper

Json = dict[str, Any]

BACKOFF_SECONDS = 1.0
"""The cloud's seconds for which a mapping rests after a batch that failed."""
_NEEDED = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
_REPORTS = "ReportBatchItemFailures"
_log = logging.getLogger(__name__)
_mute: set[str] = set()


def attach(keeper: Timekeeper) -> None:
    """Mappings of queues read as their functions' roles may, by the cloud's clock."""
    lambda_svc._ESM_BACKOFF_SECONDS = keeper.clock.wall_seconds(BACKOFF_SECONDS)
    lambda_svc._create_esm = _checked_creation(lambda_svc._create_esm)
    lambda_svc._update_esm = _checked_update(lambda_svc._update_esm)
    lambda_svc._iter_all_esms = _ready(lambda_svc._iter_all_esms)
    lambda_svc._run_sqs_batch = _run_batch(keeper)


def wake_for_visible_messages() -> None:
    """Mappings that wait look at once if a queue of theirs has a message."""
    sources = {esm.get("EventSourceArn", "") for esm in list(lambda_svc._esms._data.values())}
    if any(queues.visible_since(source) for source in sources if _is_queue(source)):
        concurrency.esm_wake.set()


def problem(function: str, queue_arn: str) -> str | None:
    """Why AWS makes no mapping of the queue to the function; None where it does, or no queue."""
    if not _is_queue(queue_arn):
        return None
    name, qualifier = lambda_svc._resolve_name_and_qualifier(function)
    _, config = lambda_svc._get_func_record_for_qualifier(name, qualifier)
    if config is None:
        return None
    missing = _missing(str(config["Role"]), queue_arn)
    if missing is not None:
        return f"The function execution role does not have permissions to call {missing} on SQS"
    queue = sqs._queue_by_arn(queue_arn)
    if queue is None:
        return (
            "Error occurred while ReceiveMessage. SQS Error Code: "
            "AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: "
            "The specified queue does not exist."
        )
    visibility, timeout = int(queue["attributes"]["VisibilityTimeout"]), config.get("Timeout", 3)
    if visibility < timeout:
        return (
            f"Queue visibility timeout: {visibility} seconds is less than "
            f"Function timeout: {timeout} seconds"
        )
    return None


def _is_queue(arn: str) -> bool:
    return arn.startswith("arn:aws:sqs:")


def _missing(role: str, queue: str) -> str | None:
    return next((a for a in _NEEDED if not allows(role, f"sqs:{a}", queue)), None)


def _checked_creation(built_in: Callable[[Json], Any]) -> Callable[[Json], Any]:
    def create(data: Json) -> Any:
        found = problem(str(data.get("FunctionName", "")), str(data.get("EventSourceArn", "")))
        return built_in(data) if found is None else _refused(found)

    return create


def _checked_update(built_in: Callable[[str, Json], Any]) -> Callable[[str, Json], Any]:
    def update(esm_id: str, data: Json) -> Any:
        esm = lambda_svc._esms.get(esm_id)
        found = None
        if esm is not None and "FunctionName" in data:
            found = problem(str(data["FunctionName"]), str(esm["EventSourceArn"]))
        return built_in(esm_id, data) if found is None else _refused(found)

    return update


def _refused(message: str) -> Any:
    code = "InvalidParameterValueException"
    return responses.error_response_json(code, message, 400)


def _ready(built_in: Callable[[], Iterator[tuple[str, str, Json]]]) -> Callable[[], Any]:
    """Of mappings that read queues only those that have, may have and wait no more for messages."""

    def ready() -> Iterator[tuple[str, str, Json]]:
        for account, region, esm in built_in():
            if not _is_queue(esm.get("EventSourceArn", "")):
                yield account, region, esm
                continue
            with acting_for(account, region):
                takes = _takes(esm)
            if takes:
                yield account, region, esm

    return ready


def _takes(esm: Json) -> bool:
    queue = esm["EventSourceArn"]
    since = queues.visible_since(queue)
    if not since or not _window_is_over(esm, since):
        return False
    _, config = lambda_svc._get_func_record_for_qualifier(esm["FunctionName"], esm.get("Qualifier"))
    missing = None if config is None else _missing(str(config["Role"]), queue)
    if missing is not None and esm["UUID"] not in _mute:
        _log.warning(
            "Lambda: nothing is taken from %s: %s is not authorized to perform: sqs:%s",
            queue,
            config["Role"],
            missing,
        )
    (_mute.discard if missing is None else _mute.add)(esm["UUID"])
    return missing is None


def _window_is_over(esm: Json, since: list[float]) -> bool:
    """Whether a batch is full, or the first message of it has waited for the mapping's window."""
    window = float(esm.get("MaximumBatchingWindowInSeconds") or 0)
    full = len(since) >= min(int(esm.get("BatchSize") or 10), 10)
    return full or bool(sqs.time.time() >= min(since) + window)


def _run_batch(keeper: Timekeeper) -> Callable[..., None]:
    """A batch runs while the cloud's time waits for it; its failures stay in the queue."""

    def run(  # noqa: PLR0917 - ministack's signature
        esm: Json, record: Json, event: Json, batch: list[Json], queue_url: str, _name: str
    ) -> None:
        with keeper.working():
            result = _invoked(record, event)
        if result.get("error"):
            esm["LastProcessingResult"] = "FAILED"
            rest = lambda_svc._ESM_BACKOFF_SECONDS
            lambda_svc._esm_backoff_until[esm["UUID"]] = time.time() + rest
            _log.info("Lambda: a batch of %s failed: %s", queue_url, result.get("body"))
            return
        lambda_svc._esm_backoff_until.pop(esm["UUID"], None)
        ids = [message["id"] for message in batch]
        reports = _REPORTS in (esm.get("FunctionResponseTypes") or [])
        failed = failed_messages(result.get("body"), ids) if reports else frozenset()
        done = {m["receipt_handle"] for m in batch if m["id"] not in failed}
        sqs._delete_messages_for_esm(queue_url, done)
        outcome = f"OK - {len(done)} records"
        esm["LastProcessingResult"] = outcome + (f", {len(failed)} failures" if failed else "")

    return run


def _invoked(record: Json, event: Json) -> Json:
    """The function has run, and its metrics count it."""
    config = record.get("config") or record
    started = time.time()
    result: Json = lambda_svc._execute_function(record, event)
    if result.get("throttle"):  # ministack has counted it
        return result
    lambda_svc._run_with_function_config_scope(
        config,
        lambda_svc._emit_lambda_metrics,
        config["FunctionName"],
        duration_ms=(time.time() - started) * 1000.0,
        error=bool(result.get("error")),
        throttle=False,
    )
    return result
