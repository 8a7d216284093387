"""Which deploys may change what."""

from typing import Any

import pytest

from tests import samples
from tests.samples import MODEL
from tidegate.admission import Standing, admit
from tidegate.slots import Slot


def proposed(blue: str, green: str) -> dict[str, str]:
    """A template's versions by slot."""
    return {"blue": samples.version(blue).digest, "green": samples.version(green).digest}


def standing(**changes: Any) -> Standing:
    """The model v1 is live in blue; so it was deployed first."""
    fields: dict[str, Any] = {
        "pointer": samples.pointer(),
        "lock_holder": None,
        "admitted": [proposed("v1", "v1")],
    }
    return Standing(**{**fields, **changes})


@pytest.mark.parametrize(
    ("blue", "green", "changes", "why"),
    [
        ("v9", "v9", {"pointer": None, "admitted": []}, "first deploy"),
        ("v1", "v2", {}, "only the idle slot"),
        ("v1", "v1", {}, "admitted before"),
        ("v1", "v1", {"lock_holder": "r"}, "admitted before"),
    ],
)
def test_what_leaves_the_live_version_alone_is_allowed(
    blue: str, green: str, changes: dict[str, Any], why: str
):
    """The reason says which rule it was."""
    admission = admit(model=MODEL, proposed=proposed(blue, green), standing=standing(**changes))
    assert admission.allowed
    assert why in admission.reason


@pytest.mark.parametrize(
    ("blue", "green", "changes", "why"),
    [
        ("v2", "v1", {}, "slot blue of flights is live"),
        ("v2", "v1", {"admitted": [proposed("v2", "v1")]}, "slot blue of flights is live"),
        ("v1", "v3", {"lock_holder": "r-7"}, "being released by r-7"),
        ("v1", "v2", {"pointer": samples.pointer("v2", Slot.GREEN)}, "being released by r-7"),
    ],
)
def test_what_would_replace_the_live_version_or_a_candidate_is_refused(
    blue: str, green: str, changes: dict[str, Any], why: str
):
    """Even if it was admitted once: the pointer has moved since."""
    if "pointer" in changes:
        changes = {**changes, "lock_holder": "r-7"}
    admission = admit(model=MODEL, proposed=proposed(blue, green), standing=standing(**changes))
    assert not admission.allowed
    assert why in admission.reason


def test_a_template_without_the_live_slot_is_refused():
    """It would take the live version away."""
    admission = admit(model=MODEL, proposed={"green": "abc"}, standing=standing())
    assert not admission.allowed
