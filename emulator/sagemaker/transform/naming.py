"""Which objects a job reads, what their results are called, and which instance gets which. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

SUFFIX = ".out"


class BadManifestError(ValueError):
    """The manifest is not the JSON that the API reference describes."""


@dataclass(frozen=True, slots=True)
class Location:
    """A bucket with a key or the beginning of keys."""

    bucket: str
    key: str

    @classmethod
    def of(cls, uri: str) -> "Location":
        """The location that an `s3://` URI names."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return cls(bucket, key)

    @property
    def uri(self) -> str:
        """As it is written."""
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, slots=True)
class InputObject:
    """One object to transform; `name` is its key below what the job names, `.out` not added."""

    bucket: str
    key: str
    name: str

    @property
    def uri(self) -> str:
        """As it is written."""
        return f"s3://{self.bucket}/{self.key}"


def relative_name(prefix: str, key: str) -> str:
    """The key below the prefix; a prefix that ends inside a name counts up to its last slash.

    So `in/a.csv` under `in/`, `in` or `in/a.csv` is `a.csv`.
    """
    rest = key[len(prefix) :]
    if not prefix or (rest and (prefix.endswith("/") or rest.startswith("/"))):
        return rest.lstrip("/")
    return key[prefix.rfind("/") + 1 :]


def output_key(output: Location, name: str) -> str:
    """Where the results of an input go: `<output path>/<name>.out`."""
    folder = output.key.strip("/")
    return f"{folder}/{name}{SUFFIX}" if folder else f"{name}{SUFFIX}"


def below_prefix(source: Location, keys: Iterable[str]) -> Iterable[InputObject]:
    """The objects of a prefix; keys that only mark a folder are none."""
    for key in keys:
        if not key.endswith("/"):
            yield InputObject(source.bucket, key, relative_name(source.key, key))


def of_manifest(document: Any) -> list[InputObject]:
    """The objects that a manifest lists: `[{"prefix": "s3://…/"}, "name", …]`."""
    head = document[0] if isinstance(document, list) and document else None
    prefix = head.get("prefix") if isinstance(head, dict) else None
    if not isinstance(prefix, str) or urlsplit(prefix).scheme != "s3":
        raise BadManifestError(
            'a manifest is a JSON array that begins with {"prefix": "s3://bucket/key"} and goes '
            f"on with names below it, got {str(document)[:80]!r}"
        )
    names = document[1:]
    wrong = [name for name in names if not isinstance(name, str) or not name]
    if wrong:
        raise BadManifestError(f"a manifest lists names as texts, got {wrong[0]!r}")
    place = Location.of(prefix)
    return [InputObject(place.bucket, place.key + name, name.lstrip("/")) for name in names]


def shares(objects: Sequence[InputObject], instances: int) -> list[Sequence[InputObject]]:
    """The objects of each instance, in turn; no instance without one."""
    split = [objects[start::instances] for start in range(instances)]
    return [share for share in split if share]
