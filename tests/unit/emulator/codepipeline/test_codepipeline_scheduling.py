"""Which execution enters a stage next."""

from hypothesis import given
from hypothesis import strategies as st

from emulator.codepipeline.declaration import Mode
from emulator.codepipeline.scheduling import arrive, next_in


@given(arrivals=st.lists(st.integers(), min_size=1, unique=True))
def test_superseded_mode_keeps_the_newest_only(arrivals: list[int]):
    """Whoever came before is superseded, each once."""
    waiting: list[int] = []
    gone: list[int] = []
    for one in arrivals:
        waiting, superseded = arrive(waiting, one, Mode.SUPERSEDED)
        gone += superseded
    assert waiting == arrivals[-1:]
    assert gone == arrivals[:-1]


@given(arrivals=st.lists(st.integers(), min_size=1, unique=True))
def test_queued_mode_keeps_the_order(arrivals: list[int]):
    """Nobody is superseded."""
    waiting: list[int] = []
    for one in arrivals:
        waiting, superseded = arrive(waiting, one, Mode.QUEUED)
        assert superseded == []
    assert waiting == arrivals
    assert next_in(waiting, occupied=False, enabled=True) == arrivals[0]


def test_nobody_enters_a_stage_that_is_taken_or_closed():
    """Nor an open one when nobody waits."""
    assert next_in(["a"], occupied=True, enabled=True) is None
    assert next_in(["a"], occupied=False, enabled=False) is None
    assert next_in([], occupied=False, enabled=True) is None
