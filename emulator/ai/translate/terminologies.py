"""Custom terminologies: files of terms in several languages, kept by account and region."""

import base64
import binascii
import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator.ai.named import NamedResource
from emulator.ai.site import Tenant
from emulator.ai.translate.codes import CODES
from emulator.jsonapi import NOT_EMULATED, Json, RefusedRequestError, not_emulated

MOST_BYTES = 10_485_760
"""The most that AWS takes in a file."""

_DELIMITERS = {"CSV": ",", "TSV": "\t"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Terminology:
    """Rows of terms under a header of language codes; its properties as AWS shows them."""

    codes: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    properties: Json

    def terms(self, source: str, target: str) -> dict[str, str]:
        """What terms of one language are in another; none where the file does not lead."""
        one_way = self.properties["Directionality"] == "UNI"
        if target not in self.codes or source not in self.codes:
            return {}
        here, there = self.codes.index(source), self.codes.index(target)
        if here == there or (one_way and here != 0):
            return {}
        return {row[here]: row[there] for row in self.rows if row[here] and row[there]}


@dataclass(kw_only=True, slots=True)
class Terminologies:
    """The terminologies of every account and region, by name."""

    now: Callable[[], float]
    _kept: dict[tuple[str, str, str], Terminology] = field(default_factory=dict)

    def put(self, tenant: tuple[str, str], request: Mapping[str, Any]) -> Json:
        """The file is the terminology of that name from now on; its properties."""
        codes, rows, size = _parsed(request["TerminologyData"])
        key = (*tenant, request["Name"])
        made = self.now()
        known = self._kept.get(key)
        properties = {
            "Name": request["Name"],
            "Description": request.get("Description", ""),
            "Arn": _arn(tenant, request["Name"]),
            "SourceLanguageCode": codes[0],
            "TargetLanguageCodes": list(codes[1:]),
            "SizeBytes": size,
            "TermCount": len(rows) * (len(codes) - 1),
            "CreatedAt": made if known is None else known.properties["CreatedAt"],
            "LastUpdatedAt": made,
            "Directionality": request["TerminologyData"].get("Directionality", "UNI"),
            "SkippedTermCount": 0,
            "Format": request["TerminologyData"]["Format"],
        }
        self._kept[key] = Terminology(codes=codes, rows=rows, properties=properties)
        return properties

    def get(self, tenant: tuple[str, str], name: str) -> Terminology:
        """The terminology of that name, or AWS's error."""
        found = self._kept.get((*tenant, name))
        if found is None:
            raise RefusedRequestError(
                "ResourceNotFoundException", f"The terminology {name} does not exist"
            )
        return found

    def delete(self, tenant: tuple[str, str], name: str) -> None:
        """There is no terminology of that name; ResourceNotFoundException if there was none."""
        self.get(tenant, name)
        del self._kept[*tenant, name]

    def resource(self) -> NamedResource:
        """`AWS::Translate::Terminology`."""

        def put(tenant: Tenant, properties: Mapping[str, Any]) -> Json:
            if "TerminologyData" not in properties:
                raise _wrong("TerminologyData must be given")
            made = self.put(tenant, properties)
            shown = {"Arn", "SourceLanguageCode", "TargetLanguageCodes", "SizeBytes", "TermCount"}
            return {name: value for name, value in made.items() if name in shown}

        return NamedResource(
            name="Name",
            put=put,
            has=lambda tenant, name: (*tenant, name) in self._kept,
            remove=self.delete,
        )

    def of(self, tenant: tuple[str, str]) -> list[Json]:
        """The properties of the tenant's, by name."""
        return [kept.properties for key, kept in sorted(self._kept.items()) if key[:2] == tenant]


def _arn(tenant: tuple[str, str], name: str) -> str:
    account, region = tenant
    return f"arn:aws:translate:{region}:{account}:terminology/{name}/LATEST"


def _parsed(data: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...], int]:
    if data["Format"] not in _DELIMITERS:
        raise RefusedRequestError(
            NOT_EMULATED, not_emulated(f"terminologies of the format {data['Format']}")
        )
    try:
        content = base64.b64decode(data["File"], validate=True)
        text = content.decode("utf-8-sig")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise _wrong(f"The file must be text in UTF-8: {error}") from error
    if len(content) > MOST_BYTES:
        raise RefusedRequestError(
            "LimitExceededException", f"A file has at most {MOST_BYTES} bytes, got {len(content)}"
        )
    rows = list(csv.reader(io.StringIO(text), delimiter=_DELIMITERS[data["Format"]]))
    faults = _faults(rows)
    if faults:
        raise _wrong("; ".join(faults))
    header, *terms = [tuple(cell.strip() for cell in row) for row in rows if row]
    return header, tuple(terms), len(content)


def _faults(rows: Sequence[Sequence[str]]) -> list[str]:
    filled = [row for row in rows if row]
    if len(filled) < 2 or len(filled[0]) < 2:
        return ["The file needs a header of at least two language codes and a row of terms"]
    width = len(filled[0])
    faults = [
        f"Row {number} has {len(row)} columns, the header has {width}"
        for number, row in enumerate(rows, start=1)
        if row and len(row) != width
    ]
    codes = [code.strip() for code in filled[0]]
    unknown = [code for code in codes if code not in CODES]
    if unknown:
        faults.append(f"The header names no languages of Translate: {', '.join(unknown)}")
    if len(set(codes)) < len(codes):
        faults.append(f"The header names a language twice: {', '.join(codes)}")
    return faults


def _wrong(message: str) -> RefusedRequestError:
    return RefusedRequestError("InvalidParameterValueException", message)
