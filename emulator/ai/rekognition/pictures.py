"""Pictures as Rekognition takes them, and the faces on them.

Limits: developer guide, "Guidelines and quotas in Amazon Rekognition".
"""

import base64
import binascii
import io
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.ai.rekognition.faces import RECORD, Face, Place, Quality, recorded
from emulator.jsonapi import NOT_EMULATED, RefusedRequestError, not_emulated

MEBIBYTE = 1024 * 1024
INLINE_BYTES = 5 * MEBIBYTE
STORED_BYTES = 15 * MEBIBYTE
LEAST_PIXELS = 80
"""Of each side of a picture."""
FACE_PIXELS = 40
"""The least of a face in a picture of 1920 x 1080; in larger ones in proportion."""

_SHARP = 300.0
"""The variance of a Laplacian at which a face is 63 % sharp."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture, and the faces on it that are large enough to be detected, the largest first."""

    content: bytes
    faces: tuple[Face, ...]


def picture_of(image: Mapping[str, Any], client: Callable[[str], Any]) -> Picture:
    """The picture of a request, or Rekognition's error."""
    given = [name for name in ("Bytes", "S3Object") if image.get(name) is not None]
    if len(given) != 1:
        raise RefusedRequestError(
            "InvalidParameterException",
            f"An image is given by either Bytes or S3Object, got {given or 'neither'}",
        )
    if given == ["S3Object"]:
        return read(_stored(image["S3Object"], client), most_bytes=STORED_BYTES)
    try:
        content = base64.b64decode(image["Bytes"], validate=True)
    except (binascii.Error, TypeError) as error:
        raise RefusedRequestError("SerializationException", f"Bytes: {error}") from error
    return read(content, most_bytes=INLINE_BYTES)


def _stored(place: Mapping[str, Any], client: Callable[[str], Any]) -> bytes:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - the server starts without it

    version = {} if place.get("Version") is None else {"VersionId": place["Version"]}
    try:
        answer = client("s3").get_object(
            Bucket=place.get("Bucket", ""), Key=place.get("Name", ""), **version
        )
    except (ClientError, ValueError) as error:
        raise RefusedRequestError(
            "InvalidS3ObjectException",
            "Unable to get object metadata from S3. Check object key, region and/or access "
            f"permissions. ({error})",
        ) from error
    if answer["ContentLength"] > STORED_BYTES:
        raise _too_large(answer["ContentLength"], STORED_BYTES)
    content: bytes = answer["Body"].read()
    return content


def read(content: bytes, *, most_bytes: int = INLINE_BYTES) -> Picture:
    """The picture in these bytes, or Rekognition's error.

    NotEmulatedException for a picture that does not say who is on it.
    """
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - only for pictures

    if len(content) > most_bytes:
        raise _too_large(len(content), most_bytes)
    try:
        image = Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))
        image.load()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError) as error:
        raise RefusedRequestError(
            "InvalidImageFormatException", f"Request has invalid image format: {error}"
        ) from error
    if min(image.size) < LEAST_PIXELS:
        raise RefusedRequestError(
            "InvalidParameterException",
            f"The sides of an image have at least {LEAST_PIXELS} pixels, got {image.size}",
        )
    faces = [_face(entry, image) for entry in _record(image)]
    seen = [face for face in faces if _is_seen(face.place, image.size)]
    seen.sort(key=lambda face: face.place.width * face.place.height, reverse=True)
    return Picture(content=content, faces=tuple(seen))


def _too_large(size: int, limit: int) -> RefusedRequestError:
    return RefusedRequestError(
        "ImageTooLargeException", f"An image has at most {limit} bytes, got {size}"
    )


def _record(image: Any) -> list[Any]:
    """What the picture says of its faces: in a PNG's text, or in a JPEG's comment."""
    text = getattr(image, "text", {}).get(RECORD)
    try:
        if text is None:
            comment = json.loads(image.info.get("comment", b"{}"))
            faces = comment.get(RECORD) if isinstance(comment, dict) else None
        else:
            faces = json.loads(text)
    except ValueError:
        faces = None
    if not isinstance(faces, list):
        raise RefusedRequestError(
            NOT_EMULATED,
            not_emulated(
                "the recognition of faces: a picture has to say who is on it, by a JSON list named "
                f"{RECORD} in a PNG's text or a JPEG's comment ([] for nobody)"
            ),
        )
    return faces


def _face(entry: Any, image: Any) -> Face:
    try:
        return recorded(entry, lambda place: _measured(place, image))
    except ValueError as error:
        raise RefusedRequestError(
            "InvalidParameterException", f"The picture's {RECORD} is wrong: {error}"
        ) from error


def _is_seen(place: Place, size: tuple[int, int]) -> bool:
    least = FACE_PIXELS * max(1.0, size[0] / 1920, size[1] / 1080)
    return place.width * size[0] >= least and place.height * size[1] >= least


def _measured(place: Place, image: Any) -> Quality:
    """Brightness is the mean luma; sharpness grows with the variance of the Laplacian."""
    from PIL import ImageFilter, ImageStat  # noqa: PLC0415 - only for pictures

    width, height = image.size
    left, top = round(place.left * width), round(place.top * height)
    right = max(left + 3, round((place.left + place.width) * width))
    bottom = max(top + 3, round((place.top + place.height) * height))
    gray = image.convert("L").crop((left, top, right, bottom))
    edges = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)
    # The filter leaves the outermost pixels as they are: they would count as edges.
    inner = gray.filter(edges).crop((1, 1, gray.width - 1, gray.height - 1))
    variance = ImageStat.Stat(inner).var[0]
    return Quality(
        brightness=100 * ImageStat.Stat(gray).mean[0] / 255,
        sharpness=100 * (1 - math.exp(-variance / _SHARP)),
    )
