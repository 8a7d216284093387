"""Which messages of a batch come back, by what the function answered."""

from typing import Any

import pytest

from emulator.queues.batches import failed_messages

BATCH = ["a", "b"]


@pytest.mark.parametrize(
    "answer",
    [None, "", "null", {}, "{}", {"batchItemFailures": []}, {"batchItemFailures": None}, {"x": 1}],
)
def test_an_answer_without_failures_is_a_complete_success(answer: Any) -> None:
    """Nothing of the batch comes back."""
    assert failed_messages(answer, BATCH) == frozenset()


@pytest.mark.parametrize("given", [dict, str])
def test_only_what_failed_comes_back(given: type) -> None:
    """The message that the answer names, be the answer read or text."""
    answer = '{"batchItemFailures": [{"itemIdentifier": "b"}]}'
    parsed = {"batchItemFailures": [{"itemIdentifier": "b"}]}
    assert failed_messages(answer if given is str else parsed, BATCH) == {"b"}


@pytest.mark.parametrize(
    "answer",
    [
        "no JSON",
        7,
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"identifier": "a"}]},
        {"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "unknown"}]},
        {"batchItemFailures": ["a"]},
        {"batchItemFailures": True},
    ],
)
def test_an_answer_that_cannot_be_read_is_a_complete_failure(answer: Any) -> None:
    """Everything comes back."""
    assert failed_messages(answer, BATCH) == {"a", "b"}
