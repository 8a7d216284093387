"""Documents as Textract takes them: bytes or objects of S3, their formats and limits, their pages.

Limits: developer guide, "Set Quotas in Amazon Textract".
"""

import base64
import binascii
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.ai.textract import pdf, scans
from emulator.ai.textract.page import Page
from emulator.jsonapi import NOT_EMULATED, Json, RefusedRequestError, not_emulated

MEBIBYTE = 1024 * 1024
IMAGE_BYTES = 10 * MEBIBYTE
"""The most of a picture, and of any document in a synchronous call."""
PAGED_BYTES = 500 * MEBIBYTE
"""The most of a PDF or TIFF in a job."""
MOST_PAGES = 3_000
"""Of a PDF or TIFF in a job; a synchronous call takes one."""
MOST_PIXELS = 10_000
"""Of a side of a picture."""
MOST_POINTS = 9_000.0
"""Of a side of a PDF's page."""
SCAN_DPI = 200
"""At which a scanned page of a PDF is drawn for the engine that reads pictures."""

_STARTS = {
    b"%PDF-": "PDF",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
}
_PAGED = frozenset({"PDF", "TIFF"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A document of a format that Textract takes, not longer than it takes it."""

    content: bytes
    kind: str

    @property
    def digest(self) -> str:
        """SHA-256 of its bytes, in hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaf:
    """One page, and its height over its width."""

    page: Page
    aspect: float


def inline(document: Mapping[str, Any], client: Callable[[str], Any]) -> Document:
    """The document of a synchronous request, or Textract's error."""
    given = [name for name in ("Bytes", "S3Object") if document.get(name) is not None]
    if len(given) != 1:
        raise RefusedRequestError(
            "InvalidParameterException",
            f"A document is given by either Bytes or S3Object, got {given or 'neither'}",
        )
    if given == ["S3Object"]:
        return stored(document["S3Object"], client, paged_bytes=IMAGE_BYTES)
    try:
        content = base64.b64decode(document["Bytes"], validate=True)
    except (binascii.Error, TypeError) as error:
        raise RefusedRequestError("SerializationException", f"Bytes: {error}") from error
    return _of_kind(content, paged_bytes=IMAGE_BYTES)


def stored(
    place: Mapping[str, Any] | None, client: Callable[[str], Any], *, paged_bytes: int = PAGED_BYTES
) -> Document:
    """The object of S3 as the caller may read it, or Textract's error."""
    if place is None or not place.get("Bucket") or not place.get("Name"):
        raise RefusedRequestError(
            "InvalidParameterException", "S3Object needs Bucket and Name, got " + repr(place)
        )
    version = {} if place.get("Version") is None else {"VersionId": place["Version"]}
    content = _read(client("s3"), {"Bucket": place["Bucket"], "Key": place["Name"], **version})
    return _of_kind(content, paged_bytes=paged_bytes)


def _read(s3: Any, where: Json) -> bytes:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - the server starts without it

    try:
        answer = s3.get_object(**where)
    except ClientError as error:
        raise RefusedRequestError(
            "InvalidS3ObjectException",
            "Unable to get object metadata from S3. Check object key, region and/or access "
            f"permissions. ({error})",
        ) from error
    if answer["ContentLength"] > PAGED_BYTES:
        raise _too_large(answer["ContentLength"], PAGED_BYTES)
    content: bytes = answer["Body"].read()
    return content


def _of_kind(content: bytes, *, paged_bytes: int) -> Document:
    kind = next((kind for start, kind in _STARTS.items() if content.startswith(start)), None)
    if kind is None:
        raise RefusedRequestError(
            "UnsupportedDocumentException",
            "Request has unsupported document format: JPEG, PNG, PDF and TIFF are taken",
        )
    limit = paged_bytes if kind in _PAGED else IMAGE_BYTES
    if len(content) > limit:
        raise _too_large(len(content), limit)
    return Document(content=content, kind=kind)


def _too_large(size: int, limit: int) -> RefusedRequestError:
    return RefusedRequestError(
        "DocumentTooLargeException", f"A document has at most {limit} bytes, got {size}"
    )


def leaves(document: Document, *, most_pages: int) -> Iterator[Leaf]:
    """The pages one after the other; Textract's error for a document that can't be read.

    NotEmulatedException for a picture of text where no engine that reads pictures is installed.
    """
    try:
        if document.kind == "PDF":
            yield from _of_pdf(document.content, most_pages)
        else:
            yield from _of_image(document.content, most_pages)
    except pdf.UnreadableError as error:
        raise RefusedRequestError(
            "BadDocumentException", f"The PDF is unreadable: {error}"
        ) from error
    except scans.UnreadError as error:
        raise RefusedRequestError(NOT_EMULATED, not_emulated(str(error))) from error


def _of_pdf(content: bytes, most_pages: int) -> Iterator[Leaf]:
    with pdf.opened(content) as document:
        _check_count(len(document.pages), most_pages)
        for page in document.pages:
            sides = (float(page.width), float(page.height))
            if max(sides) > MOST_POINTS:
                raise RefusedRequestError(
                    "BadDocumentException",
                    f"A side of a page has at most {MOST_POINTS:.0f} points, got {max(sides):.0f}",
                )
            if pdf.is_scan(page):
                drawn = page.to_image(resolution=SCAN_DPI).original
                read = scans.read_picture(scans.as_png(drawn))
            else:
                read = pdf.read_page(page)
            page.close()
            yield Leaf(page=read, aspect=sides[1] / sides[0])


def _of_image(content: bytes, most_pages: int) -> Iterator[Leaf]:
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - only for pictures

    try:
        image = Image.open(io.BytesIO(content))
        width, height = image.size
        _check_sides(width, height)
        image.load()
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise RefusedRequestError(
            "BadDocumentException", f"The picture is unreadable: {error}"
        ) from error
    _check_count(getattr(image, "n_frames", 1), most_pages)
    for frame in scans.frames_of(image):
        yield Leaf(page=scans.read_picture(frame), aspect=height / width)


def _check_sides(width: int, height: int) -> None:
    """Before the picture is unpacked, which may take any amount of memory."""
    if max(width, height) > MOST_PIXELS:
        raise RefusedRequestError(
            "BadDocumentException",
            f"A side of a picture has at most {MOST_PIXELS} pixels, got {max(width, height)}",
        )


def _check_count(pages: int, most: int) -> None:
    """AWS's synchronous calls refuse a second page as a format that they do not take."""
    if pages <= most:
        return
    if most == 1:
        raise RefusedRequestError(
            "UnsupportedDocumentException",
            f"Request has unsupported document format: this call takes one page, got {pages}; "
            "start a job for more",
        )
    raise RefusedRequestError(
        "DocumentTooLargeException", f"A document has at most {most} pages, got {pages}"
    )
