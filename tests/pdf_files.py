"""Small PDFs made by hand: texts, boxes, ruled tables, strokes of a pen and scans, at known places.

Points from the upper left corner of an A4 page.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

WIDTH, HEIGHT = 595, 842


@dataclass(kw_only=True, slots=True)
class Sheet:
    """One page, drawn by the methods."""

    operators: list[str] = field(default_factory=list)
    picture: tuple[int, int, bytes] | None = None
    fields: list[str] = field(default_factory=list)

    def text(self, left: float, baseline: float, text: str, *, size: float = 11) -> "Sheet":
        """A text in Helvetica."""
        escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        place = f"{left} {HEIGHT - baseline}"
        self.operators.append(f"BT /F1 {size} Tf {place} Td ({escaped}) Tj ET")
        return self

    def box(self, left: float, top: float, width: float, height: float) -> "Sheet":
        """A rectangle, not filled."""
        self.operators.append(f"{left} {HEIGHT - top - height} {width} {height} re S")
        return self

    def cross(self, left: float, top: float, side: float) -> "Sheet":
        """Two strokes across a square."""
        low, high = HEIGHT - top - side, HEIGHT - top
        self.operators.append(f"{left} {low} m {left + side} {high} l S")
        self.operators.append(f"{left} {high} m {left + side} {low} l S")
        return self

    def scribble(self, left: float, top: float) -> "Sheet":
        """A stroke of a pen, 80 points wide and 20 high."""
        turns = " ".join(
            f"{left + 8 * n} {HEIGHT - top} {left + 8 * n + 4} {HEIGHT - top - 20} "
            f"{left + 8 * n + 8} {HEIGHT - top} c"
            for n in range(10)
        )
        self.operators.append(f"{left} {HEIGHT - top} m {turns} S")
        return self

    def table(self, left: float, top: float, rows: Sequence[Sequence[str]]) -> "Sheet":
        """A ruled table; cells are 110 points wide and 22 high."""
        for down, row in enumerate(rows):
            for across, text in enumerate(row):
                x, y = left + 110 * across, top + 22 * down
                self.box(x, y, 110, 22).text(x + 4, y + 15, text)
        return self

    def filled(self, left: float, top: float, entries: str, *, width: float = 11) -> "Sheet":
        """A field of an interactive form, 11 points high; `entries` are its kind and content."""
        place = f"{left} {HEIGHT - top - 11} {left + width} {HEIGHT - top}"
        self.fields.append(f"<< /Type /Annot /Subtype /Widget /Rect [{place}] {entries} >>")
        return self

    def scan(self, width: int, height: int, rgb: bytes) -> "Sheet":
        """A picture all over the page, `rgb` three bytes a pixel."""
        self.picture = (width, height, zlib.compress(rgb))
        self.operators.append(f"q {WIDTH} 0 0 {HEIGHT} 0 0 cm /I1 Do Q")
        return self


def pdf(*sheets: Sheet) -> bytes:
    """The document of these pages."""
    objects: list[bytes] = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    kids = []
    for sheet in sheets:
        stream = "\n".join(sheet.operators).encode("cp1252")
        objects.append(_stream(b"", stream))
        content, images = len(objects), b""
        if sheet.picture is not None:
            width, height, packed = sheet.picture
            entries = (
                f"/Type /XObject /Subtype /Image /Width {width} /Height {height} "
                "/ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /FlateDecode"
            )
            objects.append(_stream(entries.encode(), packed))
            images = f"/XObject << /I1 {len(objects)} 0 R >>".encode()
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R "
            b"/Annots [%s] /Resources << /Font << /F1 3 0 R >> %s >> >>"
            % (WIDTH, HEIGHT, content, " ".join(sheet.fields).encode("cp1252"), images)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids))
    return _file(objects)


def _stream(entries: bytes, content: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(content), content)


def _file(objects: Sequence[bytes]) -> bytes:
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    trailer = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (size, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table) + trailer
