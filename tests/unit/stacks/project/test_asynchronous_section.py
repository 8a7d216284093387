"""The asynchronous section: its limits, what it means, and what it rules out of a release."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stacks.project.load import load_project
from tests.unit.stacks.project.conftest import GOOD
from tidegate.fleet import Hosting
from tidegate.plan import Metric

Faults = Callable[..., list[str]]

PLAIN = "      instances: { min: 1, max: 2 }\n"
LATER = f"{PLAIN}      asynchronous: {{ waiting_timeout: 30m, processing_timeout: 15m }}\n"
HERE = (PLAIN, LATER)
ROUTER = ("strategy: canary", "strategy: canary\n      split: router")


def test_a_section_is_read(folder: Path):
    """Two tracks that no record leads to; an interval is closed when its answers are there."""
    file = folder / "tidegate.yaml"
    file.write_text(GOOD.replace(*HERE).replace(*ROUTER))
    model = load_project(file).models["fraud"]
    assert model.asynchronous is not None
    assert (model.asynchronous.waiting_seconds, model.asynchronous.keep_days) == (1_800, 7)
    assert (model.hosting.kind, model.has_tracks) == (Hosting.ASYNCHRONOUS, True)
    assert not model.behind_dns
    assert model.plan.lag_seconds == 1_800 + 900 + 30


def test_default_guardrails_leave_latency_out(folder: Path):
    """It says nothing of answers that wait."""
    file = folder / "tidegate.yaml"
    text = GOOD.replace(*HERE).replace(*ROUTER)
    file.write_text(text[: text.index("      guardrails:")])
    guardrails = load_project(file).models["fraud"].plan.guardrails
    assert [guardrail.metric for guardrail in guardrails] == [Metric.ERRORS]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("waiting_timeout: 30m", "waiting_timeout: 30s", "waiting_timeout is '30s', must be 60s"),
        ("processing_timeout: 15m", "processing_timeout: 0s", "must be 1s to 1h"),
        (
            "processing_timeout: 15m",
            "processing_timeout: 15m, max_concurrency: 1001",
            "max_concurrency is 1001, must be 1 to 1000",
        ),
        (
            "processing_timeout: 15m",
            "processing_timeout: 15m, keep_answers: 90m",
            "keep_answers is '90m', must be whole days",
        ),
        (
            "waiting_timeout: 30m",
            "waiting_timeout: 2h",
            "are 8100 s together, must be at most 7200",
        ),
        ("percent: 0 }", "percent: 5 }", "an asynchronous endpoint captures nothing"),
        ("split: router", "split: endpoint", "set split: router"),
        (
            "errors: { margin: 0.02 }",
            "errors: { margin: 0.02 }\n        latency: { margin: 0.2 }",
            "guardrail latency says nothing of an asynchronous model",
        ),
    ],
)
def test_limit_is_named_with_value_and_what_is_allowed(
    faults: Faults, before: str, after: str, words: str
):
    """One fault, at its line."""
    found = faults(HERE, ROUTER, (before, after))
    assert [fault for fault in found if words in fault] == found, found
    assert len(found) == 1


def test_only_asynchronous_instances_may_sleep(faults: Faults):
    """And a request that wakes one must not expire before it can be served."""
    (fault,) = faults(("min: 1", "min: 0"))
    assert "only asynchronous endpoints may sleep" in fault
    assert faults(HERE, ROUTER, ("min: 1", "min: 0")) == []
    (fault,) = faults(HERE, ROUTER, ("min: 1", "min: 0"), ("timeout: 30m", "timeout: 9m"))
    assert "may wait 600 s" in fault


def test_serverless_does_not_answer_later(faults: Faults):
    """The one has no instances, and the other needs them."""
    serverless = "      serverless: { memory_mb: 2048, max_concurrency: 5 }\n"
    hosting = "      instance_type: ml.m5.large\n"
    found = faults(HERE, ROUTER, (hosting, serverless))
    assert any("asynchronous belongs to instances" in fault for fault in found), found


@pytest.mark.parametrize(
    ("release", "why"),
    [
        ("strategy: canary\n      mechanism: guardrail", "publishes nothing by configuration"),
        ("strategy: canary\n      mechanism: dns", "the router submits to the slot's own"),
        (
            "strategy: rolling\n      mechanism: weights",
            "what is in a queue is no part of the instances",
        ),
        ("strategy: big-bang", "publishes nothing by configuration"),
    ],
)
def test_strategy_that_needs_more_is_refused_with_the_legal_ones(
    faults: Faults, release: str, why: str
):
    """The rule, and what is legal there."""
    found = faults(HERE, ("strategy: canary", release))
    assert any(why in fault for fault in found), found
    legal = "use linear by weights, canary by weights"
    assert any(fault.endswith(legal) for fault in found), found
