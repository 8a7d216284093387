"""What a run is made of: objects and pieces of them, results, and where all of it is kept."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A bucket with the beginning of keys."""

    bucket: str
    prefix: str

    @property
    def uri(self) -> str:
        """As it is written."""
        return f"s3://{self.bucket}/{self.prefix}"

    @classmethod
    def of(cls, uri: str) -> "Location":
        """The location that an `s3://` URI names."""
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        return cls(bucket=bucket, prefix=prefix)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One object for SageMaker: an input object, or a piece of one that failed as a whole.

    `name` is what its result is called, without `.out`; `first` is the number of its first record
    in `source`, from 1; `tries` is how often it has been transformed as it is.
    """

    name: str
    bucket: str
    key: str
    etag: str
    records: int
    size: int
    source: str
    first: int = 1
    tries: int = 0

    def to_json(self) -> dict[str, Any]:
        """The unit in JSON types; `from_json` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Unit":
        """The unit that `to_json` wrote."""
        return cls(**data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A result: the answers to `records` records of `source`, from record `first` on, in order."""

    key: str
    source: str
    first: int
    records: int

    def to_json(self) -> dict[str, Any]:
        """The part in JSON types; `from_json` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Part":
        """The part that `to_json` wrote."""
        return cls(**data)


OUT = ".out"
"""What SageMaker appends to the name of an input for its result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Where a run keeps what, in the batch's own bucket.

    Results are where SageMaker wrote them: below `results` is each record's answer exactly once.
    """

    run: str
    purpose: str = "serve"

    @property
    def results(self) -> str:
        """What the keys of results begin with."""
        folder = "results" if self.purpose == "serve" else "comparisons"
        return f"{folder}/{self.run}/"

    @property
    def input(self) -> str:
        """The validated manifest: every input object, its content's tag, its records."""
        return f"runs/{self.run}/input.json"

    @property
    def faults(self) -> str:
        """What is wrong with the input."""
        return f"runs/{self.run}/faults.json"

    @property
    def checking(self) -> str:
        """How far the validation is."""
        return f"runs/{self.run}/checking.json"

    @property
    def manifest(self) -> str:
        """What there is in the end: results, failed records, lineage."""
        return f"runs/{self.run}/manifest.json"

    @property
    def report(self) -> str:
        """The report."""
        return f"runs/{self.run}/report.json"

    @property
    def comparison(self) -> str:
        """How two versions compare."""
        return f"runs/{self.run}/comparison.json"

    @property
    def rounds(self) -> str:
        """What the keys of all documents of the rounds begin with."""
        return f"runs/{self.run}/rounds/"

    def round(self, number: int) -> str:
        """The state before a round."""
        return f"{self.rounds}{number:03d}.json"

    def sagemaker_manifest(self, number: int, attempt: int) -> str:
        """The manifest of a round's transform job."""
        return f"{self.rounds}{number:03d}-{attempt}.manifest"

    def parts(self, number: int) -> str:
        """The results that a round gave."""
        return f"{self.rounds}{number:03d}.parts.json"

    def pieces(self, number: int) -> str:
        """What the keys of the pieces of a round begin with."""
        return f"runs/{self.run}/pieces/{number:03d}/"

    def failed(self, number: int) -> str:
        """The records that a round found the model to fail on."""
        return f"failed/{self.run}/{number:03d}.jsonl"

    def result(self, unit: Unit) -> str:
        """Where SageMaker writes the result of a unit."""
        return f"{self.results}{unit.name}{OUT}"


def manifest_of(units: "list[Unit]") -> list[Any]:
    """A manifest of SageMaker (S3DataType ManifestFile): a prefix, and names below it.

    All units of a round have one bucket and one beginning of their keys before their names.
    """
    head = units[0]
    prefix = head.key[: len(head.key) - len(head.name)]
    return [{"prefix": f"s3://{head.bucket}/{prefix}"}, *(unit.name for unit in units)]
