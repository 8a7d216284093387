"""Models and endpoint configurations that deploys left behind."""

from collections.abc import Iterator

import pytest

from tests.aws import make_config, make_endpoint, mocked_aws
from tests.botocore_model import watched_requests
from tidegate_aws import clients
from tidegate_aws.leftovers import Leftovers

OWNER = "demo/test/flights"


@pytest.fixture(autouse=True)
def deployed() -> Iterator[None]:
    """Configurations 1 to 3 of one model, the third one serving, and one of somebody else."""
    with mocked_aws(), watched_requests() as requests:
        for number in (1, 2):
            make_config(f"flights-config-{number}", tag=OWNER)
        make_endpoint(config="flights-config-3", tag=OWNER)
        make_config("flights-config-other-9", tag="demo/prod/flights")
        yield
    assert requests.faults == []


def configs() -> set[str]:
    """Names of the endpoint configurations that are there."""
    answer = clients.sagemaker().list_endpoint_configs()
    return {config["EndpointConfigName"] for config in answer["EndpointConfigs"]}


def models() -> set[str]:
    """Names of the models that are there."""
    return {model["ModelName"] for model in clients.sagemaker().list_models()["Models"]}


def remove(*keep: str) -> str:
    """Tidy up behind the third deploy."""
    leftovers = Leftovers(client=clients.sagemaker())
    return leftovers.remove(serving="flights-config-3", keep=keep)


def test_what_nobody_goes_back_to_is_removed():
    """Configurations first, then the models that only they used."""
    assert remove("flights-config-2") == "removed 1 endpoint configurations and 2 models"
    assert configs() == {"flights-config-2", "flights-config-3", "flights-config-other-9"}
    assert "flights-blue-1" not in models()
    assert {"flights-blue-2", "flights-green-2", "flights-blue-3"} <= models()


def test_another_owner_s_resources_stay():
    """A name that looks alike proves nothing."""
    remove()
    assert "flights-config-other-9" in configs()
    assert {"flights-blue-9", "flights-green-9"} <= models()


def test_without_a_tag_nothing_is_removed():
    """Whose it is cannot be known."""
    make_config("bare-config-1")
    make_config("bare-config-2")
    said = Leftovers(client=clients.sagemaker()).remove(serving="bare-config-2", keep=())
    assert said == "nothing removed: bare-config-2 has no tag tidegate:model"
    assert "bare-config-1" in configs()


def test_a_configuration_to_keep_may_be_gone():
    """An open release may outlive what it began on."""
    assert remove("flights-config-0").startswith("removed 2 endpoint configurations")


def test_removing_again_finds_nothing():
    """A custom resource may run twice."""
    remove()
    assert remove() == "removed 0 endpoint configurations and 0 models"


def test_a_refusal_of_aws_is_told_and_not_raised():
    """A deploy that is right does not fail over tidying up."""
    said = Leftovers(client=clients.sagemaker()).remove(serving="absent-config-1", keep=())
    assert said.startswith("not all removed: ")
