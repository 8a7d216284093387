"""Textract's engine: what is read from documents made for it, and in which blocks it is told."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from emulator import apimodels
from emulator.ai.textract import scans
from emulator.ai.textract.analysis import TEXT, Wanted, read
from emulator.ai.textract.blocks import Query
from emulator.ai.textract.documents import Document
from emulator.ai.textract.scans import words_of
from tests.pdf_files import Sheet, pdf

Block = Mapping[str, Any]
needs_tesseract = pytest.mark.skipif(not scans.is_installed(), reason="needs Debian's tesseract")


def blocks(
    *sheets: Sheet, features: Sequence[str] = ("FORMS", "TABLES"), ask: Sequence[Query] = ()
) -> list[Block]:
    """The analysis of a PDF of these pages."""
    document = Document(content=pdf(*sheets), kind="PDF")
    want = Wanted(features=frozenset(features), questions=tuple(ask))
    return read(document, want, most_pages=10).blocks


def text_of(block: Block, known: Sequence[Block]) -> str:
    """The words, and states of boxes, of a block."""
    by_id = {other["Id"]: other for other in known}
    ids = [
        identity
        for relation in block.get("Relationships", ())
        if relation["Type"] == "CHILD"
        for identity in relation["Ids"]
    ]
    return " ".join(by_id[i].get("Text") or by_id[i]["SelectionStatus"] for i in ids)


def fields(known: Sequence[Block]) -> dict[str, tuple[str, float]]:
    """Label -> value and confidence."""
    by_id = {block["Id"]: block for block in known}
    found = {}
    for block in known:
        if block.get("EntityTypes") == ["KEY"]:
            links = {r["Type"]: r["Ids"] for r in block["Relationships"]}
            value = text_of(by_id[links["VALUE"][0]], known)
            found[text_of(block, known)] = (value, block["Confidence"])
    return found


def of_kind(known: Sequence[Block], kind: str) -> list[Block]:
    """The blocks of one kind."""
    return [block for block in known if block["BlockType"] == kind]


def test_lines_have_the_words_of_the_file_at_their_place():
    """In the order of reading; a wide gap ends a line."""
    sheet = Sheet().text(59.5, 100, "Ann Lee").text(400, 100, "London")
    result = read(Document(content=pdf(sheet), kind="PDF"), TEXT, most_pages=1)
    first, second = of_kind(result.blocks, "LINE")
    assert (first["Text"], second["Text"]) == ("Ann Lee", "London")
    place = first["Geometry"]["BoundingBox"]
    assert place["Left"] == pytest.approx(0.1, abs=0.002)
    assert place["Top"] == pytest.approx(91 / 842, abs=0.005)
    assert first["Confidence"] == 100.0


def test_a_field_is_what_stands_behind_its_label():
    """Each with its own label, also two in one row."""
    sheet = Sheet().text(40, 100, "Name: Ann Lee").text(300, 100, "Date of birth: 1990-02-03")
    assert fields(blocks(sheet)) == {
        "Name:": ("Ann Lee", 98.0),
        "Date of birth:": ("1990-02-03", 98.0),
    }


def test_a_value_across_a_wide_gap_belongs_to_the_label_before_it():
    """Forms set values in columns of their own."""
    sheet = Sheet().text(40, 100, "Name:").text(300, 100, "Ann Lee")
    assert fields(blocks(sheet)) == {"Name:": ("Ann Lee", 98.0)}


def test_a_value_under_its_label_is_less_sure():
    """So that a person may look at it."""
    sheet = Sheet().text(40, 100, "Policy number:").text(40, 116, "X-123")
    assert fields(blocks(sheet)) == {"Policy number:": ("X-123", 88.0)}


def test_two_labels_in_one_stretch_of_text_are_guessed_by_the_gaps():
    """And doubtful."""
    sheet = Sheet().text(40, 100, "Name: Ann Lee Age: 34")
    assert fields(blocks(sheet)) == {"Name:": ("Ann Lee", 75.0), "Age:": ("34", 75.0)}


def test_a_label_without_a_value_is_an_empty_field():
    """Its value has no words."""
    assert fields(blocks(Sheet().text(40, 100, "Remarks:"))) == {"Remarks:": ("", 90.0)}


def test_boxes_are_ticked_by_strokes_and_letters_in_them():
    """Drawn ones and written ones."""
    sheet = (
        Sheet()
        .box(40, 190, 11, 11)
        .text(56, 200, "Theft")
        .box(150, 190, 11, 11)
        .cross(150, 190, 11)
        .text(166, 200, "Fire")
        .text(300, 200, "Insured: [x] yes [ ] no")
    )
    assert fields(blocks(sheet)) == {
        "Theft": ("NOT_SELECTED", 97.0),
        "Fire": ("SELECTED", 97.0),
        "yes": ("SELECTED", 97.0),
        "no": ("NOT_SELECTED", 97.0),
    }


def test_fields_that_were_filled_in_are_read():
    """Typed text and boxes of an interactive form (AcroForm), which pages show as well."""
    sheet = (
        Sheet()
        .text(40, 100, "Name:")
        .filled(80, 90, "/FT /Tx /V (Ann Lee)", width=120)
        .filled(40, 130, "/FT /Btn /AS /Yes")
        .text(56, 139, "Theft")
        .filled(140, 130, "/FT /Btn /AS /Off")
        .text(156, 139, "Fire")
    )
    assert fields(blocks(sheet)) == {
        "Theft": ("SELECTED", 97.0),
        "Fire": ("NOT_SELECTED", 97.0),
        "Name:": ("Ann Lee", 98.0),
    }


def test_a_ruled_table_has_its_cells_in_rows_and_columns():
    """And its words are in no field."""
    rows = [("Item:", "Value"), ("Bicycle", "400.00")]
    known = blocks(Sheet().table(40, 240, rows))
    cells = {
        (cell["RowIndex"], cell["ColumnIndex"]): text_of(cell, known)
        for cell in of_kind(known, "CELL")
    }
    assert cells == {(1, 1): "Item:", (1, 2): "Value", (2, 1): "Bicycle", (2, 2): "400.00"}
    assert fields(known) == {}
    assert of_kind(known, "CELL")[0]["EntityTypes"] == ["COLUMN_HEADER"]


def test_a_merged_cell_has_the_cells_that_it_covers():
    """Its words are in the first of them."""
    sheet = Sheet().box(40, 200, 220, 22).text(44, 215, "Bicycles")
    known = blocks(sheet.table(40, 222, [("Red", "Blue"), ("1", "2")]))
    (merged,) = of_kind(known, "MERGED_CELL")
    assert (merged["RowIndex"], merged["ColumnIndex"], merged["ColumnSpan"]) == (1, 1, 2)
    inside = merged["Relationships"][0]["Ids"]
    texts = [text_of(cell, known) for cell in of_kind(known, "CELL") if cell["Id"] in inside]
    assert texts == ["Bicycles", ""]


def test_a_question_is_answered_by_the_field_that_has_its_words():
    """One about something else has no answer."""
    sheet = Sheet().text(40, 100, "Name: Ann Lee").text(300, 100, "Date of birth: 1990-02-03")
    ask = [
        Query(text="What is the date of birth?", alias="BORN", pages=()),
        Query(text="Which car was hit?", alias=None, pages=()),
    ]
    known = blocks(sheet, features=["QUERIES"], ask=ask)
    (answer,) = of_kind(known, "QUERY_RESULT")
    born, car = of_kind(known, "QUERY")
    assert (answer["Text"], answer["Confidence"]) == ("1990-02-03", 98.0)
    assert born["Relationships"] == [{"Type": "ANSWER", "Ids": [answer["Id"]]}]
    assert "Relationships" not in car


def test_questions_are_about_the_first_page_unless_they_name_pages():
    """As on AWS."""
    sheets = [Sheet().text(40, 100, f"Name: {name}") for name in ("Ann", "Bob", "Cy")]
    ask = [Query(text="Name?", alias=None, pages=()), Query(text="Name", alias="N", pages=("2-*",))]
    known = blocks(*sheets, features=["QUERIES"], ask=ask)
    assert [block["Text"] for block in of_kind(known, "QUERY_RESULT")] == ["Ann", "Bob", "Cy"]


def test_a_stroke_beside_the_word_signature_is_one():
    """Elsewhere it is not."""
    sheet = Sheet().text(40, 400, "Signature:").scribble(110, 395).scribble(300, 700)
    assert len(of_kind(blocks(sheet, features=["SIGNATURES"]), "SIGNATURE")) == 1


def test_parts_of_a_page_are_told_by_their_looks():
    """Title, paragraph, table, number of the page."""
    sheet = (
        Sheet()
        .text(40, 60, "Claim form", size=20)
        .text(40, 100, "Please fill in every field")
        .text(40, 113, "and sign the form.")
        .table(40, 240, [("Item", "Value"), ("Bicycle", "400.00")])
        .text(290, 825, "1")
    )
    known = blocks(sheet, features=["LAYOUT"])
    kinds = [block["BlockType"] for block in known if block["BlockType"].startswith("LAYOUT")]
    assert kinds == ["LAYOUT_TITLE", "LAYOUT_TEXT", "LAYOUT_TABLE", "LAYOUT_PAGE_NUMBER"]


def test_answers_satisfy_the_model_of_textract():
    """All kinds of blocks, on two pages; ids are unique, and every related block is there."""
    sheet = (
        Sheet()
        .text(40, 100, "Name: Ann")
        .table(40, 240, [("Item", "Value"), ("Bicycle", "400.00")])
        .text(40, 400, "Signature:")
        .scribble(110, 395)
    )
    every = ["FORMS", "TABLES", "SIGNATURES", "LAYOUT", "QUERIES"]
    known = blocks(sheet, sheet, features=every, ask=[Query(text="Name", alias=None, pages=())])
    body = {"Blocks": known, "DocumentMetadata": {"Pages": 2}}
    assert apimodels.answer_failures("textract", "AnalyzeDocument", body) == []
    ids = [block["Id"] for block in known]
    related = {i for b in known for r in b.get("Relationships", ()) for i in r["Ids"]}
    assert len(set(ids)) == len(ids)
    assert related <= set(ids)
    assert {block["Page"] for block in known} == {1, 2}


def test_the_same_document_has_the_same_blocks():
    """Ids too."""
    sheet = Sheet().text(40, 100, "Name: Ann")
    assert blocks(sheet) == blocks(sheet)


HEADER = "level page_num block_num par_num line_num word_num left top width height conf text"
ROWS = (
    "1 1 0 0 0 0 0 0 200 100 -1 ",
    "5 1 1 1 1 1 20 10 40 20 91.5 Name:",
    "5 1 1 1 1 2 70 10 40 20 33.25 Ann",
    "5 1 1 1 1 3 120 10 40 20 95 ",
)


def test_words_of_a_scan_have_the_confidence_that_tesseract_gives_them():
    """And their place as shares of the picture."""
    name, ann = words_of("\n".join([HEADER, *ROWS]).replace(" ", "\t"))
    assert (name.text, ann.text, ann.confidence) == ("Name:", "Ann", 33.25)
    assert (ann.box.left, ann.box.top, ann.box.bottom) == (0.35, 0.1, 0.3)


def picture(sheet: Sheet) -> Any:
    """The page as a picture of 200 dots an inch."""
    from emulator.ai.textract import pdf as reader  # noqa: PLC0415 - only where tesseract is

    with reader.opened(pdf(sheet)) as document:
        return document.pages[0].to_image(resolution=200).original.convert("RGB")


@needs_tesseract
@pytest.mark.parametrize(
    "kind",
    [
        "PNG",
        *(pytest.param(kind, marks=pytest.mark.accept) for kind in ("JPEG", "TIFF", "scanned PDF")),
    ],
)
def test_pictures_are_read_where_tesseract_is_installed(kind: str):
    """A picture of a form has the same fields, with real confidences."""
    image, target = picture(Sheet().text(40, 100, "Name: Ann Lee", size=14)), io.BytesIO()
    if kind == "scanned PDF":
        content = pdf(Sheet().scan(*image.size, image.tobytes()))
    else:
        image.save(target, format=kind)
        content = target.getvalue()
    document = Document(content=content, kind="PDF" if "PDF" in kind else kind)
    result = read(document, Wanted(features=frozenset({"FORMS"})), most_pages=1)
    value, confidence = fields(result.blocks)["Name:"]
    assert result.engine == "tesseract"
    assert value == "Ann Lee"
    assert 50 < confidence < 98


def test_a_page_without_anything_has_a_page_block_alone():
    """And no line."""
    assert [block["BlockType"] for block in blocks(Sheet())] == ["PAGE"]
