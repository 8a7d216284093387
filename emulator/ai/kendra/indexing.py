"""Puts documents into an index: their text, attributes and readers."""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from emulator.ai.frame import Call
from emulator.ai.kendra.attributes import values_of
from emulator.ai.kendra.indexes import Contents, Document, Index
from emulator.ai.roles import Roles
from emulator.ai.searching import texts
from emulator.ai.searching.crawling import Stored
from emulator.ai.searching.passages import passages_of
from emulator.jsonapi import NOT_EMULATED, Json, RefusedRequestError, not_emulated

MOST_BYTES = 52_428_800
"""The most that AWS takes in a document (quotas: 50 MB)."""
PASSAGE_WORDS = 200
"""The longest passage that Retrieve answers ("up to 200 token words")."""

_NOT_EMULATED = ("CustomDocumentEnrichmentConfiguration",)
_NOT_EMULATED_OF_DOCUMENTS = ("HierarchicalAccessControlList", "AccessControlConfigurationId")


class FailedDocumentError(Exception):
    """A document that does not get into the index; the sentence says why."""


def put_documents(index: Index, call: Call, roles: Roles) -> Json:
    """Those documents are found that can be read; the others are in the answer."""
    request = call.request
    _refuse_unemulated(request)
    failed = []
    for given in request["Documents"]:
        if call.fails_item():
            failed.append(_failure(given["Id"], "InternalError", "Internal server error"))
            continue
        try:
            content = _content(given, request, roles, index.tenant[1])
            kept = document_of(given, content, index, kind=given.get("ContentType"))
        except FailedDocumentError as error:
            failed.append(_failure(given["Id"], "InvalidRequest", str(error)))
            continue
        index.contents.put(*kept)
    return {"FailedDocuments": failed}


def document_of(
    given: Mapping[str, Any], content: bytes, index: Index, *, kind: str | None, **more: Any
) -> tuple[Document, list[str]]:
    """The document and its passages; FailedDocumentError if it cannot be in the index."""
    if len(content) > MOST_BYTES:
        raise FailedDocumentError(f"A document has at most {MOST_BYTES} bytes, got {len(content)}")
    try:
        text, own_title = texts.text_of(content, texts.PLAIN if kind is None else kind)
        values = values_of(given.get("Attributes", ()), index.types)
    except ValueError as error:
        raise FailedDocumentError(str(error)) from error
    title = given.get("Title") or own_title or given["Id"].rpartition("/")[2]
    document = Document(
        id=given["Id"],
        title=title,
        uri=values.get("_source_uri"),
        values=values,
        access=tuple(given.get("AccessControlList", ())),
        text_bytes=len(text.encode()),
        **more,
    )
    return document, passages_of(text, words=PASSAGE_WORDS)


def delete_documents(contents: Contents, call: Call) -> Json:
    """Those documents are not found any more, but for those that the answer names."""
    failed = []
    for document in call.request["DocumentIdList"]:
        if call.fails_item():
            failed.append(_failure(document, "InternalError", "Internal server error"))
        else:
            contents.delete(document)
    return {"FailedDocuments": failed}


def statuses(contents: Contents, request: Mapping[str, Any]) -> Json:
    """Whether documents are in the index."""
    listed = [_status(contents, asked["DocumentId"]) for asked in request["DocumentInfoList"]]
    return {"Errors": [], "DocumentStatusList": listed}


def _status(contents: Contents, document: str) -> Json:
    if document in contents.failed:
        why = contents.failed[document]
        return {"DocumentId": document, "DocumentStatus": "FAILED", "FailureReason": why}
    known = document in contents.documents
    return {"DocumentId": document, "DocumentStatus": "INDEXED" if known else "NOT_FOUND"}


def _content(
    given: Mapping[str, Any], request: Mapping[str, Any], roles: Roles, region: str
) -> bytes:
    if len([name for name in ("Blob", "S3Path") if given.get(name) is not None]) != 1:
        raise FailedDocumentError("A document has either Blob or S3Path, and not both")
    if given.get("Blob") is not None:
        try:
            return base64.b64decode(given["Blob"], validate=True)
        except binascii.Error as error:
            raise FailedDocumentError(f"Blob must be base64: {error}") from error
    role = request.get("RoleArn")
    if role is None:
        raise FailedDocumentError("RoleArn must be given to read documents from S3")
    found = Stored(bucket=given["S3Path"]["Bucket"], key=given["S3Path"]["Key"], version="")
    try:
        return found.read(roles.client(role, "s3", region))
    except (PermissionError, ClientError) as error:
        raise FailedDocumentError(f"{found.uri}: {error}") from error


def _refuse_unemulated(request: Mapping[str, Any]) -> None:
    asked = [name for name in _NOT_EMULATED if request.get(name) is not None]
    asked += sorted(set(_unemulated_of(request["Documents"])))
    if asked:
        raise RefusedRequestError(NOT_EMULATED, not_emulated(", ".join(asked)))


def _unemulated_of(documents: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for document in documents:
        for name in _NOT_EMULATED_OF_DOCUMENTS:
            if document.get(name) is not None:
                yield f"Documents.{name}"


def _failure(document: str, code: str, message: str) -> Json:
    return {"Id": document, "ErrorCode": code, "ErrorMessage": " ".join(message.split())}
