"""The example's users, by themselves."""

from collections import Counter

from cli.demo.crowd import crowd, questions, told
from cli.options import PLACES
from cli.users import Ledger
from tests.cli_world import CliWorld


def test_they_ask_real_questions_for_as_long_as_wanted(world: CliWorld):
    """Requests go to the example's model, and when the time is up nobody asks."""
    token = PLACES.set(world.place)
    try:
        crowd(seconds=0.2, users=2)
    finally:
        PLACES.reset(token)
    bodies = {question.body for question in questions()}
    assert world.door.asked
    assert {(model, body in bodies) for model, body, _, _ in world.door.asked} == {
        ("flights", True)
    }


def test_what_they_saw_is_one_line():
    """Answered, failed and unanswered are told apart."""
    ledger = Ledger(
        answered=Counter({"v1": 1_200}),
        failed=Counter({"v1": 3}),
        unanswered=1,
        outcomes=Counter({202: 900, 409: 2}),
    )
    assert told(ledger) == (
        "1,204 requests: 1,200 answered, 3 failed, 1 without any answer; 900 outcomes credited"
    )
