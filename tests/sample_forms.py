"""The sample forms of `examples/ai/samples`: `python -m tests.sample_forms` writes them again."""

from collections.abc import Mapping
from pathlib import Path

from tests.pdf_files import Sheet, pdf

SAMPLES = Path(__file__).parents[1] / "examples" / "ai" / "samples"
_ITEMS = [("Item", "Bought", "Value"), ("Bicycle", "2023", "400.00"), ("Lamp", "2024", "35.00")]


def claim() -> bytes:
    """A claim of two pages, all of which is clear."""
    first = (
        _head()
        .text(40, 110, "Name: Ann Lee")
        .text(300, 110, "Date of birth: 3 February 1990")
        .text(40, 140, "Policy number: X-12345")
        .text(300, 140, "Amount claimed: EUR 1,235.50")
    )
    _boxes(first)
    second = (
        Sheet().text(40, 60, "Items", size=16).table(40, 90, _ITEMS).text(40, 240, "Signature:")
    )
    return pdf(first, second.scribble(110, 240).text(290, 820, "2"))


def doubtful_claim() -> bytes:
    """The amount is in words, and the name stands under its label."""
    sheet = (
        _head()
        .text(40, 110, "Name:")
        .text(40, 126, "Bob Day")
        .text(300, 110, "Date of birth: 12/11/1985")
        .text(40, 160, "Policy number: X-777")
        .text(300, 160, "Amount claimed: about four hundred")
    )
    return pdf(_boxes(sheet))


def _head() -> Sheet:
    return Sheet().text(40, 60, "Claim", size=20).text(40, 80, "Please fill in every field.")


def _boxes(sheet: Sheet) -> Sheet:
    sheet.box(40, 190, 11, 11).cross(40, 190, 11).text(56, 200, "Theft")
    return sheet.box(150, 190, 11, 11).text(166, 200, "Fire").text(290, 820, "1")


FORMS: Mapping[str, bytes] = {"claim.pdf": claim(), "doubtful-claim.pdf": doubtful_claim()}


if __name__ == "__main__":
    for name, content in FORMS.items():
        (SAMPLES / name).write_bytes(content)
