"""Durations as people write them."""

import pytest

from stacks.project.durations import seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"), [("0s", 0), ("90s", 90), ("10m", 600), ("24h", 86_400), ("7d", 604_800)]
)
def test_duration_has_its_seconds(text: str, seconds: int):
    """Each unit counts."""
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "m", "1.5h", "-1s", "10 m", "10m\n", "1w"])
def test_other_text_is_refused(text: str):
    """What is not a whole number and a unit is not guessed at."""
    with pytest.raises(ValueError, match="a duration is"):
        seconds_of(text)
