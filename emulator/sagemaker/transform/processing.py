"""DataProcessing: what of each record the model sees, and what becomes of its answer. Pure.

A record of CSV is a row, taken as a JSON array; a record of JSON is a line, or the whole payload
where nothing is split. Rows that no filter touches keep their bytes.
"""

import contextlib
import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from emulator.sagemaker.transform.jsonpath import Path, SelectionError

OUTPUT, INPUT = "SageMakerOutput", "SageMakerInput"


class Format(StrEnum):
    """How records are written."""

    CSV = "CSV"
    JSON = "JSON"


FORMATS = {
    "text/csv": Format.CSV,
    "application/json": Format.JSON,
    "application/jsonlines": Format.JSON,
}
"""The media types that DataProcessing takes, without parameters."""


class Records(StrEnum):
    """What a record of JSON is."""

    LINES = "lines"
    PAYLOAD = "payload"


class Join(StrEnum):
    """What an answer is joined with, spelled as the API does."""

    NONE = "None"
    INPUT = "Input"


class BadRecordError(ValueError):
    """A record, or the answer to one, can't be filtered or joined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Processing:
    """Filters and join of one job; a filter that keeps everything is None."""

    input_format: Format
    output_format: Format
    records: Records
    input_filter: Path | None
    output_filter: Path | None
    join: Join

    def request(self, batch: bytes) -> bytes:
        """What the model gets of a mini-batch."""
        if self.input_filter is None:
            return batch
        with _faults_of("the input"):
            if self.input_format is Format.CSV:
                return _rows_text(_filtered(_rows(_lines(batch)), self.input_filter))
            values = [json.loads(record) for record in self._json_records(batch)]
            return self._json_text([self.input_filter.select(value) for value in values])

    def answer(self, batch: bytes, body: bytes) -> bytes:
        """What is stored for a mini-batch that the model answered with `body`."""
        if self.join is Join.NONE and self.output_filter is None:
            return body
        with _faults_of("the answer"):
            if self.output_format is Format.CSV:
                return self._csv_answer(batch, body)
            return self._json_text(self._json_answers(batch, body))

    def _csv_answer(self, batch: bytes, body: bytes) -> bytes:
        rows = _byte_lines(body)
        if self.join is Join.INPUT:
            asked = _byte_lines(batch)
            _same_number(asked, rows)
            rows = list(map(b"%b,%b".__mod__, zip(asked, rows, strict=True)))
        if self.output_filter is None:
            return b"\n".join([*rows, b""])
        return _rows_text(_filtered(_rows(row.decode() for row in rows), self.output_filter))

    def _json_answers(self, batch: bytes, body: bytes) -> list[Any]:
        if self.join is Join.NONE:
            values = [json.loads(record) for record in self._json_records(body)]
        else:
            asked = [json.loads(record) for record in self._json_records(batch)]
            got = _lines(body) if len(asked) > 1 else [body.decode()]
            _same_number(asked, got)
            values = [_joined(q, json.loads(a)) for q, a in zip(asked, got, strict=True)]
        select: Callable[[Any], Any] = (
            (lambda value: value) if self.output_filter is None else self.output_filter.select
        )
        return [select(value) for value in values]

    def _json_records(self, payload: bytes) -> list[str]:
        return _lines(payload) if self.records is Records.LINES else [payload.decode()]

    def _json_text(self, values: Iterable[Any]) -> bytes:
        ending = "\n" if self.records is Records.LINES else ""
        texts = (json.dumps(v, separators=(",", ":"), ensure_ascii=False) for v in values)
        return "".join(f"{text}{ending}" for text in texts).encode()


def _joined(given: Any, got: Any) -> dict[str, Any]:
    if isinstance(given, dict):
        return {**given, OUTPUT: got}
    return {INPUT: given, OUTPUT: got}


def _byte_lines(payload: bytes) -> list[bytes]:
    """The lines of a text, kept as bytes: a job has millions; UnicodeDecodeError if it is none."""
    if not payload.isascii():
        payload.decode()
    found = payload.split(b"\n")
    if found[-1] == b"":
        found.pop()
    return [line.removesuffix(b"\r") for line in found] if b"\r" in payload else found


def _lines(payload: bytes) -> list[str]:
    return [line.decode() for line in _byte_lines(payload)]


def _rows(lines: Iterable[str]) -> Iterable[list[str]]:
    return csv.reader(lines, strict=True)


def _filtered(rows: Iterable[list[str]], wanted: Path) -> Iterable[list[Any]]:
    for row in rows:
        part = wanted.select(row)
        yield part if isinstance(part, list) else [part]


def _rows_text(rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _same_number(asked: Sequence[Any], got: Sequence[Any]) -> None:
    if len(asked) != len(got):
        raise BadRecordError(
            f"the model answered {len(got)} records to {len(asked)}, so they can't be joined"
        )


@contextlib.contextmanager
def _faults_of(where: str) -> Iterator[None]:
    """What parsers raise becomes BadRecordError, which says where the fault is."""
    try:
        yield
    except (json.JSONDecodeError, UnicodeDecodeError, csv.Error, SelectionError) as error:
        raise BadRecordError(f"{where} can't be processed: {error}") from error
