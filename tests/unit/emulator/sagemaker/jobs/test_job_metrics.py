"""Metric definitions over the lines of a log."""

import pytest

from emulator.sagemaker.jobs.metrics import definitions, found


def specification(*pairs: tuple[str, str]) -> dict[str, object]:
    """An AlgorithmSpecification with these definitions."""
    return {"MetricDefinitions": [{"Name": name, "Regex": regex} for name, regex in pairs]}


def test_every_match_is_a_value():
    """In the order of the lines; what is no finite number is none."""
    known = definitions(specification(("loss", r"loss=([^;]+);"), ("rate", r"rate=(\S+);")))
    lines = ["loss=0.5; rate=1e-3;", "nothing", "loss=nan;", "loss=x;", "loss=0.25;loss=-1;"]
    assert list(found(known, lines)) == [
        ("loss", 0.5),
        ("rate", 0.001),
        ("loss", 0.25),
        ("loss", -1.0),
    ]


@pytest.mark.parametrize(("regex", "words"), [("(", "no regular expression"), ("x=.*", "a group")])
def test_a_definition_that_cannot_work_is_named(regex: str, words: str):
    """By its metric."""
    with pytest.raises(ValueError, match=words) as refused:
        definitions(specification(("loss", regex)))
    assert "metric loss" in str(refused.value)
