"""The contract of port `Endpoints`."""

import pytest

from tests.aws import make_endpoint
from tests.fakes import FakeEndpoints
from tests.samples import CONFIG, ENDPOINT
from tidegate.errors import NotFoundError
from tidegate.ports import Endpoints
from tidegate_aws import clients
from tidegate_aws.endpoints import SageMakerEndpoints


@pytest.fixture
def endpoints(backend: str) -> Endpoints:
    """One endpoint that serves everything from blue."""
    if backend == "fake":
        fake = FakeEndpoints()
        fake.add(ENDPOINT, config=CONFIG, weights={"blue": 1.0, "green": 0.0})
        return fake
    make_endpoint()
    return SageMakerEndpoints(client=clients.sagemaker())


def test_an_endpoint_is_read_as_it_serves(endpoints: Endpoints):
    """Status, configuration and shares, a share of zero included."""
    state = endpoints.read(ENDPOINT)
    assert state.status == "InService"
    assert state.config_name == CONFIG
    assert state.shares() == {"blue": 100, "green": 0}


def test_shares_asked_for_are_read_back(endpoints: Endpoints):
    """Zero is a share like any other."""
    endpoints.set_weights(ENDPOINT, {"blue": 90, "green": 10})
    assert endpoints.read(ENDPOINT).shares() == {"blue": 90, "green": 10}
    endpoints.set_weights(ENDPOINT, {"blue": 0, "green": 100})
    assert endpoints.read(ENDPOINT).shares() == {"blue": 0, "green": 100}


def test_a_slot_that_serves_everything_has_the_weight_that_templates_give_it(endpoints: Endpoints):
    """So a shadow of it, whose weight a template says, is copied every request after a release."""
    endpoints.set_weights(ENDPOINT, {"blue": 0, "green": 100})
    assert endpoints.read(ENDPOINT).variants["green"].weight == 1.0


def test_an_unknown_endpoint_is_not_found(endpoints: Endpoints):
    """The error names it."""
    with pytest.raises(NotFoundError, match="nowhere"):
        endpoints.read("nowhere")
