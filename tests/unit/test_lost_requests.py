"""The figure of a whole run: what its stories sent, and what was lost."""

import pytest

from tests.lost_requests import Tally


@pytest.mark.parametrize(
    ("lost", "sent", "faults"), [(0, 100, 0), (1, 100, 1), (0, 99, 1), (2, 99, 2)]
)
def test_a_run_is_good_when_enough_was_sent_and_nothing_lost(lost: int, sent: int, faults: int):
    """Whichever crowds sent it, in whichever worker."""
    run, worker = Tally(), Tally()
    worker.add(sent=sent - 40, lost=lost)
    run.add(sent=40, lost=0)
    run.add(**worker.to_json())
    assert len(run.faults(at_least=100)) == faults
    assert run.stories == 2
