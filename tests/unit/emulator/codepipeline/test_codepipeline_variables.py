"""References to variables in configurations."""

import pytest

from emulator.codepipeline.errors import ActionError
from emulator.codepipeline.variables import resolved


def test_references_are_replaced_wherever_they_stand():
    """Several in one value, and none in another."""
    found = resolved(
        {"A": "x-#{Src.CommitId}-#{variables.stage}", "B": "#notone {a.b}"},
        {"Src": {"CommitId": "abc"}, "variables": {"stage": ""}},
    )
    assert found == {"A": "x-abc-", "B": "#notone {a.b}"}


def test_every_unknown_reference_is_named():
    """Unknown namespaces and unknown names."""
    with pytest.raises(ActionError, match=r"#\{Src.X\}, #\{No.Y\}") as caught:
        resolved({"A": "#{Src.X}", "B": "#{No.Y}#{Src.X}"}, {"Src": {}})
    assert caught.value.code == "ConfigurationError"
