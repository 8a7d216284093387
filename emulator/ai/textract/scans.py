"""Pictures of pages, read by Debian's `tesseract` where it is installed.

Its words and confidences are real. It rules no tables, and sees no drawn boxes to tick: those that
are written as text (`[x]`) it reads.
"""

import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

from emulator.ai.textract.marks import written
from emulator.ai.textract.page import Box, Page, Word

ENGINE = "tesseract"
_SECONDS = 120
"""The longest that a page may take."""
_WORD_LEVEL = 5
_PAGE_LEVEL = 1


class UnreadError(Exception):
    """The picture was not read; the message says why and what to do."""


def is_installed() -> bool:
    """Whether pictures can be read on this machine."""
    return shutil.which(ENGINE) is not None


def read_picture(picture: bytes) -> Page:
    """The words of one picture (PNG, JPEG or a page of TIFF); UnreadError if there is no engine."""
    if not is_installed():
        raise UnreadError(
            "text in pictures and scans without `tesseract` (Debian: apt-get install "
            "tesseract-ocr); it reads digital PDFs"
        )
    done = subprocess.run(
        [ENGINE, "stdin", "stdout", "--psm", "3", "tsv"],
        input=picture,
        capture_output=True,
        timeout=_SECONDS,
        check=False,
        env={**os.environ, "OMP_THREAD_LIMIT": "1"},
    )
    if done.returncode != 0:
        raise UnreadError(f"this picture: {done.stderr.decode(errors='replace').strip()}")
    words, marks = written(list(words_of(done.stdout.decode("utf-8"))))
    return Page(words=words, marks=marks, engine=ENGINE)


def words_of(table: str) -> Iterator[Word]:
    """The words in tesseract's table of tab-separated values."""
    width = height = 1.0
    header, *rows = [line.split("\t") for line in table.splitlines() if line]
    for values in rows:
        row = dict(zip(header, values, strict=False))
        level = int(row["level"])
        if level == _PAGE_LEVEL:
            width, height = float(row["width"]), float(row["height"])
        elif level == _WORD_LEVEL and row.get("text", "").strip():
            left, top = float(row["left"]), float(row["top"])
            box = Box(
                left=left / width,
                top=top / height,
                right=(left + float(row["width"])) / width,
                bottom=(top + float(row["height"])) / height,
            )
            confidence = min(100.0, max(0.0, float(row["conf"])))
            yield Word(text=row["text"].strip(), box=box, confidence=confidence)


def frames_of(image: Any) -> Iterator[bytes]:
    """Each page of an opened image as PNG: TIFF may hold many."""
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        yield as_png(image)


def as_png(image: Any) -> bytes:
    """The image in a format that the engine reads."""
    target = io.BytesIO()
    image.convert("RGB").save(target, format="PNG")
    return target.getvalue()
