"""Users: they ask, the truth comes later, and everything is counted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from urllib3.exceptions import HTTPError

from cli.users import Load, Question, Users
from tests.cli_world import BODY, FakeDoor
from tests.polling import until

FAST = Load(model="flights", users=3, pause_seconds=0.001, truth_delay_seconds=(0.0, 0.001))


@contextmanager
def asking(
    door: FakeDoor, *, is_wrong: Callable[[bytes], bool] | None = None, load: Load = FAST
) -> Iterator[Users]:
    """Users at a door while the block runs."""
    users = Users(door, [Question(body=BODY, is_wrong=is_wrong)], load)
    users.start()
    try:
        yield users
    finally:
        users.stop()


def wait_for(condition: Callable[[], bool]) -> None:
    """Until it holds."""
    until(condition, seconds=10, what="the users")


def test_answers_are_counted_by_version():
    """The ledger says which version answered how many."""
    door = FakeDoor()
    with asking(door) as users:
        wait_for(lambda: users.ledger.requests >= 20)
    assert users.ledger.answered["v1"] == users.ledger.requests == len(door.asked)


@pytest.mark.parametrize("wrong", [True, False])
def test_the_truth_is_told_later(*, wrong: bool):
    """Each answer's outcome is recorded under its prediction id."""
    door = FakeDoor()
    with asking(door, is_wrong=lambda _: wrong) as users:
        wait_for(lambda: users.ledger.outcomes[202] >= 5)
    assert set(door.outcomes) == {("id-1", wrong)}


def test_an_answer_that_cannot_be_read_is_wrong():
    """A user goes on asking, and the outcome says wrong."""

    def unreadable(_: bytes) -> bool:
        raise ValueError("no label")

    door = FakeDoor()
    with asking(door, is_wrong=unreadable) as users:
        wait_for(lambda: users.ledger.outcomes[202] >= 5)
    assert set(door.outcomes) == {("id-1", True)}


def test_failed_requests_are_no_answers_and_have_no_outcome():
    """A status other than 200 is counted as failed."""
    door = FakeDoor()
    door.reply = replace(door.reply, status=502)
    with asking(door, is_wrong=lambda _: True) as users:
        wait_for(lambda: users.ledger.failed["v1"] >= 5)
    assert door.outcomes == []


def test_a_reply_without_a_version_is_counted_as_unknown():
    """A refusal before any slot was drawn has no version."""
    door = FakeDoor()
    door.reply = replace(door.reply, status=404, version=None, prediction_id=None)
    with asking(door) as users:
        wait_for(lambda: users.ledger.failed["unknown"] >= 1)


def test_requests_without_any_answer_are_counted():
    """A lost connection is an unanswered request, and the users go on."""
    with asking(FakeDoor(failure=HTTPError("gone"))) as users:
        wait_for(lambda: users.ledger.unanswered >= 10)


def test_nobody_asks_after_the_stop():
    """When `stop` has returned, no request is under way."""
    door = FakeDoor()
    with asking(door) as users:
        wait_for(lambda: users.ledger.requests >= 1)
    assert len(door.asked) == users.ledger.requests


def test_users_have_names_of_their_own():
    """Sticky routing has someone to stick to."""
    door = FakeDoor()
    with asking(door) as users:
        wait_for(lambda: len({user.split("-")[1] for _, _, _, user in door.asked}) == 3)
    assert users.ledger.requests > 0
