"""Drawn faces for tests of Rekognition: nobody's; each picture says who is meant to be on it."""

import hashlib
import io
import json
from collections.abc import Mapping
from typing import Any

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter
from PIL.PngImagePlugin import PngInfo

SIDE = 320
RECORD = "embedded-cloud-faces"
WHOLE = [0.2, 0.1, 0.6, 0.8]
"""Where the face of a portrait is."""


def portrait(
    person: str,
    *,
    light: float = 1.0,
    blur: float = 0.0,
    more: tuple[Mapping[str, Any], ...] = (),
    **members: Any,
) -> bytes:
    """A PNG of a face of that person, with further members of its record.

    `light` scales the brightness; `blur` is a radius in pixels; `more` are records of other faces.
    """
    image = _drawn(person)
    if blur:
        image = image.filter(ImageFilter.GaussianBlur(blur))
    image = ImageEnhance.Brightness(image).enhance(light)
    return png(image, [{"person": person, "box": WHOLE, **members}, *more])


def png(image: Image.Image, faces: Any) -> bytes:
    """The image as PNG that says which faces are on it."""
    info = PngInfo()
    info.add_text(RECORD, json.dumps(faces))
    target = io.BytesIO()
    image.save(target, format="PNG", pnginfo=info)
    return target.getvalue()


def jpeg(person: str) -> bytes:
    """The same in JPEG, whose record is in its comment."""
    target = io.BytesIO()
    record = {RECORD: [{"person": person, "box": WHOLE}]}
    _drawn(person).save(target, format="JPEG", comment=json.dumps(record).encode())
    return target.getvalue()


def blank(side: int = SIDE) -> Image.Image:
    """A picture of nobody."""
    return Image.new("RGB", (side, side), "white")


def _drawn(person: str) -> Image.Image:
    """A face whose colours follow from the name."""
    digest = hashlib.sha256(person.encode()).digest()
    skin, eyes = (150 + digest[0] % 90, 120 + digest[1] % 70, 90 + digest[2] % 60), digest[3] % 20
    image = blank()
    draw = ImageDraw.Draw(image)
    draw.ellipse((70, 40, 250, 290), fill=skin, outline="black", width=3)
    for center in (125 - eyes // 2, 195 + eyes // 2):
        draw.ellipse((center - 15, 130, center + 15, 150), fill="white", outline="black", width=2)
        draw.ellipse((center - 5, 134, center + 5, 146), fill="black")
    draw.line((160, 150, 150, 200, 168, 204), fill="black", width=3)
    draw.arc((120, 190, 200, 250), 20, 160, fill="black", width=4)
    for line in range(60, 260, 8):
        draw.line((line, 40, line + 6, 70), fill="black", width=2)
    return image
