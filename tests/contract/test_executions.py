"""The contract of port `Executions`."""

import pytest

from tests.aws import make_machine
from tests.fakes import FakeExecutions
from tests.samples import MODEL, RELEASE
from tidegate.ports import Executions
from tidegate_aws import clients
from tidegate_aws.executions import StepFunctionsExecutions


@pytest.fixture
def executions(backend: str) -> Executions:
    """A machine that was never started."""
    if backend == "fake":
        return FakeExecutions()
    return StepFunctionsExecutions(client=clients.stepfunctions(), machine_arn=make_machine())


def test_a_started_epoch_is_running(executions: Executions):
    """Other epochs are not."""
    executions.start(release_id=RELEASE, model=MODEL, who="ada", epoch=1)
    assert executions.running(release_id=RELEASE, epoch=1)
    assert not executions.running(release_id=RELEASE, epoch=2)


def test_starting_an_epoch_again_does_nothing(executions: Executions):
    """Whoever was killed after the start may start again, even under another name."""
    executions.start(release_id=RELEASE, model=MODEL, who="ada", epoch=1)
    executions.start(release_id=RELEASE, model=MODEL, who="grace", epoch=1)
    assert executions.running(release_id=RELEASE, epoch=1)
