"""Which objects there are, and what their results are called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.sagemaker.transform import naming
from emulator.sagemaker.transform.naming import (
    BadManifestError,
    InputObject,
    Location,
    of_manifest,
    output_key,
    relative_name,
    shares,
)


@pytest.mark.parametrize(
    ("prefix", "key", "name"),
    [
        ("in/", "in/a.csv", "a.csv"),
        ("in", "in/a.csv", "a.csv"),
        ("in/", "in/deep/a.csv", "deep/a.csv"),
        ("in/a.csv", "in/a.csv", "a.csv"),
        ("in/a", "in/a.csv", "a.csv"),
        ("in/part-", "in/part-1/x", "part-1/x"),
        ("", "a.csv", "a.csv"),
        ("a", "a.csv", "a.csv"),
    ],
)
def test_names_are_what_is_below_the_prefix(prefix: str, key: str, name: str):
    """A prefix that ends inside a name counts up to its last slash."""
    assert relative_name(prefix, key) == name


@given(st.text("ab/", max_size=6), st.text("ab/.", min_size=1, max_size=6))
def test_a_name_is_the_end_of_its_key(prefix: str, rest: str):
    """Whatever the prefix, and never empty for what is no folder."""
    key = prefix + rest
    name = relative_name(prefix, key)
    assert key.endswith(name)
    assert name or key.endswith("/")


@pytest.mark.parametrize("path", ["s3://b/out", "s3://b/out/", "s3://b//out/"])
def test_output_stands_below_the_output_path(path: str):
    """With `.out` added, however the path ends."""
    assert output_key(Location.of(path), "deep/a.csv") == "out/deep/a.csv.out"


def test_a_bucket_alone_is_an_output_path():
    """Then the key is the name."""
    assert output_key(Location.of("s3://b"), "a.csv") == "a.csv.out"


def test_folder_markers_are_no_objects():
    """Keys that end with a slash hold nothing."""
    found = list(naming.below_prefix(Location("b", "in/"), ["in/", "in/a", "in/d/"]))
    assert found == [InputObject("b", "in/a", "a")]


def test_a_manifest_lists_names_below_its_prefix():
    """As the API reference writes it."""
    document = [{"prefix": "s3://data/some/prefix/"}, "to/one", "two"]
    assert of_manifest(document) == [
        InputObject("data", "some/prefix/to/one", "to/one"),
        InputObject("data", "some/prefix/two", "two"),
    ]


@pytest.mark.parametrize(
    "document",
    [{}, [], "s3://b/k", ["a"], [{"prefix": 1}], [{"prefix": "https://x"}, "a"], [{}, "a"]],
)
def test_what_is_no_manifest_is_refused(document: object):
    """The sentence says how one is written."""
    with pytest.raises(BadManifestError, match="begins with"):
        of_manifest(document)


def test_names_of_a_manifest_are_texts():
    """Anything else is named."""
    with pytest.raises(BadManifestError, match="got 7"):
        of_manifest([{"prefix": "s3://b/k"}, "a", 7])


@given(st.integers(0, 20), st.integers(1, 8))
def test_every_object_has_one_instance(count: int, instances: int):
    """Shares differ by one object at the most; nobody gets nothing."""
    objects = [InputObject("b", f"{number}", f"{number}") for number in range(count)]
    split = shares(objects, instances)
    assert sorted(o.key for share in split for o in share) == sorted(o.key for o in objects)
    assert len(split) == min(count, instances)
    sizes = [len(share) for share in split]
    assert not sizes or max(sizes) - min(sizes) <= 1
