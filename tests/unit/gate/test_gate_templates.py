"""Templates as rules see them: what intrinsics say, what refers to what."""

from typing import Any

import pytest

from gate.template import Template, below, least_length, literal, references, target, text_of

TEXTS: list[tuple[Any, str | None]] = [
    ("plain", "plain"),
    ({"Ref": "Bucket"}, "${Bucket}"),
    ({"Fn::GetAtt": ["Role", "Arn"]}, "${Role.Arn}"),
    ({"Fn::GetAtt": "Role.Arn"}, "${Role.Arn}"),
    ({"Fn::Sub": "a-${AWS::Region}"}, "a-${AWS::Region}"),
    ({"Fn::Sub": ["a-${X}", {"X": {"Ref": "Y"}}]}, "a-${X}"),
    ({"Fn::Join": ["-", ["a", {"Ref": "B"}, 3]]}, "a-${B}-${?}"),
    ({"Fn::ImportValue": "other"}, "${Fn::ImportValue}"),
    (7, None),
    ({"a": 1, "b": 2}, None),
]


@pytest.mark.parametrize(("value", "text"), TEXTS)
def test_text_has_holes_for_what_is_filled_in(value: Any, text: str | None):
    """A reader sees what is known, and where something is filled in."""
    assert text_of(value) == text


def test_literal_text_has_no_hole():
    """`${!Name}` is Fn::Sub's own way to write the letters."""
    assert literal("a") == "a"
    assert literal("a-${B}") is None
    assert literal({"Ref": "A"}) is None


def test_least_length_counts_what_is_known():
    """An account has twelve digits, a region nine letters at least, the rest may be empty."""
    assert (
        least_length({"Fn::Sub": "a-${AWS::AccountId}-${AWS::Region}-${X}"}) == 2 + 12 + 1 + 9 + 1
    )


def test_references_are_found_wherever_they_stand():
    """Ref, GetAtt in both forms, names in Sub and what fills them in."""
    value = {
        "A": [{"Ref": "One"}, {"Fn::GetAtt": ["Two", "Arn"]}, {"Fn::GetAtt": "Three.Arn"}],
        "B": {"Fn::Sub": ["${Four.Arn} ${X} ${!Not}", {"X": {"Ref": "Five"}}]},
    }

    assert set(references(value)) == {"One", "Two", "Three", "Four", "X", "Five"}


def test_target_is_of_one_reference_only():
    """A text with a reference in it is no reference."""
    assert target({"Fn::GetAtt": ["Role", "Arn"]}) == "Role"
    assert target({"Fn::Sub": "${Role.Arn}"}) == ""
    assert target("Role") == ""


def test_below_is_none_where_nothing_is():
    """Neither a missing key nor another type is an error."""
    assert below({"a": [{"b": 0}]}, "a", 0, "b") == 0
    assert below({"a": []}, "a", 0) is None
    assert below({"a": "text"}, "a", "b") is None


def test_fault_has_its_place():
    """File, stack, resource and path."""
    template = Template(stack="s", file="f.yaml", body={"Resources": {"R": {"Type": "T"}}})

    place = template.every["R"].fault(("A", 0, "B"), "it is wrong").place

    assert (place.file, str(place), place.written_path) == ("f.yaml", "s/R", "Properties.A[0].B")
