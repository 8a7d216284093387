"""SQS of ministack by a clock of ours, with redrive, and without a message lost between threads.

ministack replaces a queue's list of messages while other threads add to it: here one lock covers
all that touches it. A message of a standard queue may be deleted twice, as on AWS.

Seams: of `sqs` `time`, `_queues_lock`, `_HANDLERS`, the functions in `_GUARDED`, `_queues`,
`_queue_by_arn`, `queue_delay` and `_Err`; `iam_actions.extract_resource_arn`;
`app.SERVICE_HANDLERS`.
"""

import functools
import inspect
import json
import threading
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from ministack import app
from ministack.core import concurrency, iam_actions, iam_evaluator, responses, router
from ministack.services import sqs

from emulator.queues.metrics import Depth
from emulator.queues.redrive import MoveTasks, RedriveError, UnknownOriginError

Json = dict[str, Any]
Handler = Callable[..., Awaitable[Any]]

lock = threading.RLock()
"""Whoever reads or changes messages of a queue holds it, for moments only."""

_GUARDED = ("_expire_retained", "_dlq_sweep", "_collect_msgs", "_refresh_counts")
_MOVES = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
"""What a redrive needs on the dead-letter queue, beside its own action."""


def attach(now: Callable[[], float], tasks: MoveTasks) -> None:
    """Queues keep the time of `now`, in Unix seconds, and messages are moved by `tasks`."""
    sqs.time = SimpleNamespace(time=now, sleep=time.sleep)
    sqs._queues_lock = lock
    for name in _GUARDED:
        setattr(sqs, name, guarded(getattr(sqs, name)))
    sqs._HANDLERS["DeleteMessage"] = _deleting(sqs._act_delete_message)
    sqs._HANDLERS["DeleteMessageBatch"] = _deleting_batch(sqs._act_delete_message_batch)
    sqs._HANDLERS["ListDeadLetterSourceQueues"] = _list_sources
    for action, answer in (
        ("StartMessageMoveTask", tasks.start),
        ("ListMessageMoveTasks", tasks.listed),
        ("CancelMessageMoveTask", tasks.cancel),
    ):
        sqs._HANDLERS[action] = _refusing(answer)
    for action, handler in list(sqs._HANDLERS.items()):
        if not inspect.iscoroutinefunction(handler):
            sqs._HANDLERS[action] = guarded(handler)
    sqs._act_send_message = guarded(sqs._act_send_message)
    _name_queues_of_move_tasks()
    app.SERVICE_HANDLERS["sqs"] = _asking(app.SERVICE_HANDLERS["sqs"])


def guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, while no other thread touches a message."""

    @functools.wraps(function)
    def alone(*given: Any, **named: Any) -> Any:
        with lock:
            return function(*given, **named)

    return alone


def all_queues() -> Iterator[tuple[str, str, Json]]:
    """Every queue as (account, region, record)."""
    for (account, region, _), queue in list(sqs._queues.to_dict().items()):
        yield account, region, queue


def depths() -> dict[str, Depth]:
    """What waits in each queue, by ARN."""
    with lock:
        return {queue["attributes"]["QueueArn"]: _depth(queue) for _, _, queue in all_queues()}


def _depth(queue: Json) -> Depth:
    sqs._refresh_counts(queue)
    counts = queue["attributes"]
    now = sqs.time.time()
    sent = [message["sent_at"] for message in queue["messages"]]
    return Depth(
        visible=int(counts["ApproximateNumberOfMessages"]),
        in_flight=int(counts["ApproximateNumberOfMessagesNotVisible"]),
        delayed=int(counts["ApproximateNumberOfMessagesDelayed"]),
        oldest_seconds=max(0.0, now - min(sent)) if sent else 0.0,
    )


def visible_since(queue_arn: str) -> list[float]:
    """Since when each message has been visible, by the cloud's clock; those that are."""
    queue = sqs._queue_by_arn(queue_arn)
    if queue is None:
        return []
    with lock:
        now = sqs.time.time()
        return [m["visible_at"] for m in queue["messages"] if m.get("visible_at", now) <= now]


class Redriven:
    """The queues, for move tasks."""

    def exists(self, queue: str) -> bool:
        """Whether there is such a queue."""
        return sqs._queue_by_arn(queue) is not None

    def sources_of(self, dead_letters: str) -> list[str]:
        """The queues whose undeliverable messages go there."""
        return [
            queue["attributes"]["QueueArn"]
            for _, _, queue in all_queues()
            if _dead_letters_of(queue) == dead_letters
        ]

    def visible(self, queue: str) -> int:
        """How many messages could be received now."""
        return len(visible_since(queue))

    def move(self, source: str, destination: str | None, most: int) -> int:
        """So many messages were moved, each to its own origin where no destination is given."""
        with lock:
            queue, now = sqs._queue_by_arn(source), sqs.time.time()
            if queue is None:
                return 0
            ready = [m for m in queue["messages"] if m["visible_at"] <= now][:most]
            for moved, message in enumerate(ready):
                origin = message["sys"].get("DeadLetterQueueSourceArn")
                target = sqs._queue_by_arn(destination if destination is not None else origin or "")
                if target is None:
                    raise UnknownOriginError(moved)
                target["messages"].append(_sent_again(message, target, now))
                queue["messages"] = [m for m in queue["messages"] if m is not message]
            if ready:
                concurrency.esm_wake.set()
            return len(ready)


def _sent_again(message: Json, target: Json, now: float) -> Json:
    """The message as a new one."""
    kept = {k: v for k, v in message["sys"].items() if k != "DeadLetterQueueSourceArn"}
    fresh = {
        "id": str(uuid.uuid4()),
        "receipt_handle": None,
        "sent_at": now,
        "enqueued_at": now,
        "visible_at": now + sqs.queue_delay(target),
        "receive_count": 0,
        "first_receive_at": None,
        "sys": {**kept, "SentTimestamp": str(int(now * 1000))},
    }
    return {**message, **fresh}


def _dead_letters_of(queue: Json) -> str | None:
    policy = json.loads(queue["attributes"].get("RedrivePolicy") or "{}")
    target: str | None = policy.get("deadLetterTargetArn")
    return target


def _list_sources(data: Json, qurl: str) -> Json:
    """ListDeadLetterSourceQueues: the URLs of the queues that send their failures here."""
    queue = sqs._get_q(data.get("QueueUrl", qurl), "sqs:ListDeadLetterSourceQueues")
    arn = queue["attributes"]["QueueArn"]
    scope = (responses.get_account_id(), responses.get_region())
    found = [
        sqs._externalize_url(source["url"])
        for account, region, source in all_queues()
        if (account, region) == scope and _dead_letters_of(source) == arn
    ]
    return {"queueUrls": found}


def _refusing(answer: Callable[[Mapping[str, Any]], Json]) -> Callable[[Json, str], Json]:
    def act(data: Json, _qurl: str) -> Json:
        try:
            return answer(data)
        except RedriveError as error:
            raise sqs._Err(error.code, str(error)) from error

    return act


def _deleting(built_in: Callable[[Json, str], Json]) -> Callable[[Json, str], Json]:
    """Deleting what was deleted, or by a handle that is no longer the newest, is no error."""

    def act(data: Json, qurl: str) -> Json:
        try:
            return built_in(data, qurl)
        except sqs._Err as error:
            handle = str(data.get("ReceiptHandle", ""))
            if error.code == "ReceiptHandleIsInvalid" and _was_a_handle(data, qurl, handle):
                return {}
            raise

    return act


def _deleting_batch(built_in: Callable[[Json, str], Json]) -> Callable[[Json, str], Json]:
    def act(data: Json, qurl: str) -> Json:
        answer = built_in(data, qurl)
        handles = {e["Id"]: str(e.get("ReceiptHandle", "")) for e in data.get("Entries", [])}
        gone = [f for f in answer["Failed"] if _was_a_handle(data, qurl, handles[f["Id"]])]
        return {
            "Successful": answer["Successful"] + [{"Id": f["Id"]} for f in gone],
            "Failed": [f for f in answer["Failed"] if f not in gone],
        }

    return act


def _was_a_handle(data: Json, qurl: str, handle: str) -> bool:
    """Whether it has the form of the handles that are given out, for a standard queue."""
    queue = sqs._get_q(data.get("QueueUrl", qurl))
    try:
        return not queue["is_fifo"] and str(uuid.UUID(handle)) == handle
    except ValueError:
        return False


def _name_queues_of_move_tasks() -> None:
    """Policies see the queue of a move task, which its requests name by ARN."""
    built_in = iam_actions.extract_resource_arn

    def resource_arn(service: str, *request: Any) -> str:
        found = str(built_in(service, *request))
        if service != "sqs" or found != "*":
            return found
        document = _document(request[3])
        return str(document.get("SourceArn") or _source_of(document.get("TaskHandle")) or found)

    iam_actions.extract_resource_arn = resource_arn


def _source_of(handle: Any) -> str | None:
    import base64  # noqa: PLC0415

    try:
        content = json.loads(base64.b64decode(str(handle)))
    except ValueError:
        return None
    return content.get("sourceArn") if isinstance(content, dict) else None


def _document(body: bytes) -> Json:
    try:
        parsed = json.loads(body or b"{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _asking(original: Handler) -> Handler:
    """Who starts a move task may do all that it does."""

    async def answer(  # noqa: PLR0917 - ministack's signature
        method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, Any]
    ) -> Any:
        if headers.get("x-amz-target", "").endswith(".StartMessageMoveTask"):
            key = router.extract_access_key_id(headers, query)
            for action, queue in _needed(_document(body)):
                denied = iam_evaluator.enforce(
                    key, action, "sqs", responses.get_region(), resource_arn=queue
                )
                if denied is not None:
                    return _refusal(action, queue, headers, denied)
        return await original(method, path, headers, body, query)

    return answer


def _needed(request: Json) -> list[tuple[str, str]]:
    source, destination = str(request.get("SourceArn", "")), request.get("DestinationArn")
    targets = [destination] if destination else Redriven().sources_of(source)
    of_source = [(f"sqs:{action}", source) for action in _MOVES]
    return [*of_source, *(("sqs:SendMessage", str(target)) for target in targets)]


def _refusal(action: str, queue: str, headers: Mapping[str, str], denied: Any) -> Any:
    return iam_actions.access_denied_response(
        "sqs",
        action,
        getattr(denied, "principal_arn", ""),
        str(uuid.uuid4()),
        headers=dict(headers),
        resource_arn=queue,
        explicit_deny=getattr(denied, "decision", "") == "Deny",
    )
