"""One page at once: a document in a request, read while the caller waits."""

import base64
from dataclasses import dataclass
from typing import Annotated

from tidegate.ai.limits import Length
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallRefusedError, invalid, unusable
from tidegate.ai.textract.blocks import Blocks
from tidegate.ai.textract.records import Record, record_of
from tidegate.ai.textract.settings import TextractSettings, features, questions

MOST_CHARACTERS = 5_500_000
"""Base64 of some 4 MB: a request of Lambda has 6 MB (Lambda quotas)."""
REFUSED = {
    "BadDocumentException": "Textract cannot read the document: it may be damaged or locked",
    "DocumentTooLargeException": "the document is too large: 10 MB for pictures, 500 MB for PDF",
    "UnsupportedDocumentException": "Textract takes PNG, JPEG, PDF and TIFF, of one page at once",
}
"""What is wrong with a document, by Textract's code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A document of one page."""

    document: Annotated[
        str,
        "PNG, JPEG, or PDF or TIFF of one page, in Base64; longer ones are sent as files.",
        Length(least=1, most=MOST_CHARACTERS),
    ]


def read_page(request: Page, ports: ServicePorts) -> Record:
    """The record with its doubts; nothing is stored, and nobody is asked."""
    settings: TextractSettings = ports.settings
    asked = questions(settings)
    more = {"QueriesConfig": {"Queries": asked}} if asked else {}
    try:
        answer = ports.calls.call(
            "textract",
            "AnalyzeDocument",
            Document={"Bytes": _decoded(request.document)},
            FeatureTypes=list(features(settings)),
            **more,
        )
    except CallRefusedError as error:
        if error.code in REFUSED:
            raise unusable(REFUSED[error.code]) from error
        raise
    blocks = Blocks()
    blocks.add(answer["Blocks"])
    return record_of(blocks.form(int(answer["DocumentMetadata"]["Pages"])), settings)


def _decoded(text: str) -> bytes:
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise invalid(["document is no Base64"]) from error
    if not content:
        raise invalid(["document is empty"])
    return content
