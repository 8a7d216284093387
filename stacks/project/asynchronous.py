"""Rules of asynchronous hosting, what it means, and what it rules out of a release."""

from collections.abc import Callable, Iterator

from stacks.project.durations import seconds_of
from stacks.project.faults import Fault
from stacks.project.hosting_shape import AsynchronousFile, HostingFile
from stacks.project.spec import AsynchronousSpec
from tidegate.plan import Metric, ReleasePlan
from tidegate.strategies import Split

Say = Callable[..., Fault]
"""Makes a fault of a message, at keys below the section."""

_DAY = 86_400
_HERE = "asynchronous"
MOST_CONCURRENCY = 1_000
"""AsyncInferenceClientConfig, API reference."""
WAITING = (60, 21_600)
"""RequestTTLSeconds of InvokeEndpointAsync, API reference."""
PROCESSING = (1, 3_600)
"""InvocationTimeoutSeconds of InvokeEndpointAsync, API reference."""
MOST_ANSWER_SECONDS = 7_200
"""An interval is judged when its requests are answered: so long a step takes beyond its bake."""
WAKING_SECONDS = 300
"""What is reckoned until an alarm has seen that a request waits, and an instance is asked for."""


def asynchronous_faults(hosting: HostingFile, say: Say) -> Iterator[Fault]:
    """What is wrong with an asynchronous section, and with instances that sleep without one."""
    section = hosting.asynchronous
    if section is None:
        if hosting.instances.min == 0:
            yield say(
                "instances.min is 0, and only asynchronous endpoints may sleep: set 1 or more, or "
                "add asynchronous: {}",
                "instances",
                "min",
            )
        return
    if section.max_concurrency is not None and not 1 <= section.max_concurrency <= MOST_CONCURRENCY:
        yield say(
            f"max_concurrency is {section.max_concurrency}, must be 1 to {MOST_CONCURRENCY}, or "
            "left out",
            _HERE,
            "max_concurrency",
        )
    kept = seconds_of(section.keep_answers)
    if kept % _DAY or not 1 <= kept // _DAY <= 3_650:
        yield say(
            f"keep_answers is {section.keep_answers!r}, must be whole days from 1d to 3650d",
            _HERE,
            "keep_answers",
        )
    yield from _time_faults(section, say)
    yield from _sleep_faults(hosting, section, say)


def _time_faults(section: AsynchronousFile, say: Say) -> Iterator[Fault]:
    waiting = seconds_of(section.waiting_timeout)
    processing = seconds_of(section.processing_timeout)
    if not WAITING[0] <= waiting <= WAITING[1]:
        yield say(
            f"waiting_timeout is {section.waiting_timeout!r}, must be 60s to 6h",
            _HERE,
            "waiting_timeout",
        )
    if not PROCESSING[0] <= processing <= PROCESSING[1]:
        yield say(
            f"processing_timeout is {section.processing_timeout!r}, must be 1s to 1h",
            _HERE,
            "processing_timeout",
        )
    if waiting + processing > MOST_ANSWER_SECONDS:
        yield say(
            f"waiting_timeout and processing_timeout are {waiting + processing} s together, must "
            f"be at most {MOST_ANSWER_SECONDS}: a step is judged when its requests have their "
            "answers",
            _HERE,
        )


def _sleep_faults(hosting: HostingFile, section: AsynchronousFile, say: Say) -> Iterator[Fault]:
    """A request that wakes an instance waits for it, and must not expire before."""
    needed = seconds_of(hosting.start_timeout) + WAKING_SECONDS
    if hosting.instances.min == 0 and seconds_of(section.waiting_timeout) < needed:
        yield say(
            f"waiting_timeout is {section.waiting_timeout!r}, and a request that wakes an instance "
            f"may wait {needed} s (start_timeout and {WAKING_SECONDS} s until it is asked for): "
            f"must be at least {needed}s, or set instances.min to 1",
            _HERE,
            "waiting_timeout",
        )


def asynchronous_of(file: AsynchronousFile | None) -> AsynchronousSpec | None:
    """The specification of an asynchronous section without faults."""
    if file is None:
        return None
    return AsynchronousSpec(
        max_concurrency=file.max_concurrency,
        waiting_seconds=seconds_of(file.waiting_timeout),
        processing_seconds=seconds_of(file.processing_timeout),
        backlog_per_instance=file.backlog_per_instance,
        keep_days=seconds_of(file.keep_answers) // _DAY,
    )


def answer_seconds_of(file: AsynchronousFile | None) -> int:
    """After how long a request has its answer or has failed; 0 where answers are at once."""
    if file is None:
        return 0
    return seconds_of(file.waiting_timeout) + seconds_of(file.processing_timeout)


def later_faults(plan: ReleasePlan, hosting: HostingFile | None) -> Iterator[tuple[str, str]]:
    """Keys of a release plan that asynchronous hosting rules out, and why."""
    if hosting is None or hosting.asynchronous is None:
        return
    if plan.split is not Split.ROUTER:
        yield (
            "split",
            (
                f"split is {plan.split}, and no endpoint draws between the two of an asynchronous "
                "model: set split: router"
            ),
        )
    if any(guardrail.metric is Metric.LATENCY for guardrail in plan.guardrails):
        yield (
            "guardrails",
            (
                "guardrail latency says nothing of an asynchronous model: its answers wait as long "
                "as their queue is, and latencies are told apart up to 128 s only; drop it, a "
                "version that is too slow fails by processing_timeout, which guardrail errors sees"
            ),
        )
