"""The hosting section: the choice, its limits, and what it rules out elsewhere."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stacks.project.load import load_project
from stacks.project.spec import ServerlessSpec
from stacks.project.tables import serverless_limits

Faults = Callable[..., list[str]]

HOSTING = "      instance_type: ml.m5.large\n      instances: { min: 1, max: 2 }\n"
SERVERLESS = "      serverless: { memory_mb: 2048, max_concurrency: 5 }\n"
STEPS = """\
      steps:
        - { share_percent: 10, bake: 10m }
        - { share_percent: 50, bake: 10m }
"""
TO_SERVERLESS = (HOSTING, SERVERLESS)
BIG_BANG = (f"strategy: canary\n{STEPS}", "strategy: big-bang\n      bake: 10m\n")


def test_serverless_model_is_read(folder: Path):
    """Memory, concurrency, and nothing provisioned unless it says so."""
    file = folder / "tidegate.yaml"
    text = file.read_text()
    for before, after in (TO_SERVERLESS, BIG_BANG):
        assert before in text
        text = text.replace(before, after)
    file.write_text(text)

    hosting = load_project(file).models["fraud"].hosting

    assert isinstance(hosting, ServerlessSpec)
    assert (hosting.memory_mb, hosting.max_concurrency) == (2048, 5)
    assert hosting.provisioned_concurrency is None
    assert not hosting.autoscales


def test_limits_are_those_of_the_api():
    """Six sizes, and as many requests as botocore's model says."""
    limits = serverless_limits()
    assert limits.memory_mb == (1024, 2048, 3072, 4096, 5120, 6144)
    assert limits.max_concurrency == 200


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("memory_mb: 2048", "memory_mb: 1536", "memory_mb is 1536, allowed: 1024, 2048, 3072"),
        ("memory_mb: 2048", "memory_mb: 8192", "memory_mb is 8192, allowed: 1024"),
        ("max_concurrency: 5", "max_concurrency: 0", "max_concurrency is 0, must be 1 to 200"),
        ("max_concurrency: 5", "max_concurrency: 201", "max_concurrency is 201, must be 1 to 200"),
        (
            "max_concurrency: 5",
            "max_concurrency: 5, provisioned_concurrency: 6",
            "provisioned_concurrency is 6, must be 1 to max_concurrency, 5",
        ),
        (
            SERVERLESS,
            f"{SERVERLESS}      start_timeout: 2m\n",
            "start_timeout belongs to instances",
        ),
        (
            SERVERLESS,
            f"{SERVERLESS}      instance_type: ml.m5.large\n",
            "instance_type belongs to instances",
        ),
        ("percent: 0 }", "percent: 5 }", "a serverless endpoint captures nothing"),
    ],
)
def test_limit_is_named_with_value_and_what_is_allowed(
    faults: Faults, before: str, after: str, words: str
):
    """One fault, at its line."""
    (fault,) = faults(TO_SERVERLESS, BIG_BANG, (before, after))
    assert words in fault


def test_region_without_serverless_is_a_fault(faults: Faults):
    """With what to do; on instances it is none."""
    elsewhere = ("region: eu-west-1", "region: eu-central-2")
    (fault,) = faults(TO_SERVERLESS, BIG_BANG, elsewhere)
    assert "not offered in eu-central-2: choose another region, or an instance_type" in fault
    assert faults(elsewhere) == []


def test_all_faults_of_the_section_come_at_once(faults: Faults):
    """The choice, sizes and capture are all told."""
    wrong = "      serverless: { memory_mb: 1, max_concurrency: 0 }\n      volume_key: KEY\n"
    key = "arn:aws:kms:eu-west-1:123456789012:key/1"
    found = faults((HOSTING, wrong.replace("KEY", key)), BIG_BANG, ("percent: 0 }", "percent: 5 }"))
    assert len(found) == 4, found


@pytest.mark.parametrize(
    ("release", "words"),
    [
        ("strategy: canary", "a serverless endpoint has one variant"),
        ("strategy: canary\n      mechanism: guardrail", "has no instances that could be counted"),
    ],
)
def test_strategy_that_needs_more_is_refused_with_the_legal_ones(
    faults: Faults, release: str, words: str
):
    """The rule, and what is legal there: a big bang, or steps between two tracks."""
    found = faults(TO_SERVERLESS, ("strategy: canary", release))
    assert any(words in fault for fault in found), found
    legal = "use big-bang by guardrail, big-bang by dns, linear by dns, canary by dns"
    assert any(fault.endswith(legal) for fault in found), found


def test_default_release_is_checked_too(faults: Faults, folder: Path):
    """Without a release section it would be a canary of two variants."""
    text = (folder / "tidegate.yaml").read_text()
    release = text[text.index("    release:") :]
    (fault,) = faults(TO_SERVERLESS, (release, ""))
    assert "a serverless endpoint has one variant" in fault
