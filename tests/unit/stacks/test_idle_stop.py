"""When a notebook instance counts as idle: the script that runs on it, as a function."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stacks.notebooks.idle_stop import idle_seconds

NOW = 1_800_000_000.0
_AGES = st.floats(0, 1e6)


def moment(seconds_ago: float) -> str:
    """A moment as Jupyter writes it."""
    return datetime.fromtimestamp(NOW - seconds_ago, tz=UTC).isoformat().replace("+00:00", "Z")


def status(*, started: float, active: float) -> dict[str, str]:
    """What the server says of itself, in seconds ago."""
    return {"started": moment(started), "last_activity": moment(active)}


def kernel(ago: float, state: str = "idle") -> dict[str, str]:
    """What it says of a kernel."""
    return {"last_activity": moment(ago), "execution_state": state}


@given(started=_AGES, active=_AGES, kernels=st.lists(_AGES, max_size=4))
def test_the_latest_activity_counts(started: float, active: float, kernels: list[float]):
    """Of the server, its start and every kernel."""
    found = idle_seconds(
        NOW, status(started=started, active=active), [kernel(ago) for ago in kernels]
    )
    assert found == pytest.approx(min(started, active, *kernels), abs=0.001)


def test_a_kernel_that_computes_is_at_work():
    """However long ago it was last heard of."""
    found = idle_seconds(NOW, status(started=9e5, active=9e5), [kernel(8e5, "busy")])
    assert found == 0.0


def test_a_clock_that_is_behind_makes_nobody_idle():
    """An activity in the future is one of now."""
    assert idle_seconds(NOW, status(started=60, active=-5), []) == 0.0
