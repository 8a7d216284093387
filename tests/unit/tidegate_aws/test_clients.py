"""Clients: one each, with stated limits."""

from typing import Any

from tidegate_aws import clients


def test_a_client_is_made_once():
    """Making one costs more than a call."""
    assert clients.dynamodb() is clients.dynamodb()


def test_a_model_is_asked_once_and_waited_for_longer_than_sagemaker_does():
    """A repeated question would be a second request of the user's."""
    config: Any = clients.sagemaker_runtime().meta.config
    assert config.retries["total_max_attempts"] == 1
    assert config.read_timeout == 65


def test_other_calls_are_retried_within_stated_times():
    """Nothing hangs for botocore's default minute."""
    for client in (clients.dynamodb(), clients.sagemaker(), clients.stepfunctions()):
        config: Any = client.meta.config
        assert (config.connect_timeout, config.read_timeout) == (2, 10)
        assert config.retries == {"mode": "standard", "total_max_attempts": 4}
