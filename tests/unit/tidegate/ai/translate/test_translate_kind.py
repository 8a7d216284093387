"""Texts and pages in the reader's language: markup as it was, parts that are whole, kept once."""

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.ai.translate.pseudo import Localizer
from tests.ai_fakes import PLACE, FakeCalls, FakeFiles, fake_ports
from tests.html_trees import installed_pages, tree_of
from tidegate.ai.kind import Arrived, Done, Progress, Waiting
from tidegate.ai.ledger import WorkRecord, WorkState
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import ProblemError
from tidegate.ai.translate import KIND
from tidegate.ai.translate.arriving import PORTION, ReaderOfFile, begin, link_for, look
from tidegate.ai.translate.asking import (
    Page,
    Reader,
    Text,
    language_of,
    localise_page,
    localise_text,
)
from tidegate.ai.translate.localising import Localiser
from tidegate.ai.translate.markup import blocks_of
from tidegate.ai.translate.parts import parts_of, size_of
from tidegate.ai.translate.settings import TranslateSettings, faults, terminology_faults
from tidegate.ai.translate.viewers import chosen, preferred
from tidegate.ai.typed import to_json

TERMS = "en,de\nCart,Warenkorb\n"
Change = Callable[[str], str]


def pseudo(text: str) -> str:
    """As the emulated Translate does it."""
    return Localizer(target="de", terms={}).localized(text)


def ports(change: Change = pseudo, settings: TranslateSettings | None = None) -> ServicePorts:
    """A service whose texts become what `change` makes of them."""

    def answer(request: Mapping[str, Any]) -> Mapping[str, Any]:
        assert size_of(request["Text"]) <= 10_000
        return {
            "TranslatedText": change(request["Text"]),
            "SourceLanguageCode": request["SourceLanguageCode"],
            "TargetLanguageCode": request["TargetLanguageCode"],
        }

    chosen_settings = TranslateSettings() if settings is None else settings
    return fake_ports(
        KIND,
        {"translate:TranslateText": answer},
        settings=chosen_settings,
        resources=dict(KIND.resources(chosen_settings, PLACE).told),
    )


def asked(made: ServicePorts) -> list[Mapping[str, Any]]:
    """The requests, in order."""
    assert isinstance(made.calls, FakeCalls)
    return [parameters for _, parameters in made.calls.asked]


def page(document: str, change: Change = pseudo) -> str:
    """The page in German."""
    return Localiser(ports=ports(change), language="de").page(document).text


PAGE = (
    "<!DOCTYPE html><html><head><title>Shop</title><style>p > b {}</style></head>\n"
    '<body><p class="a>b">Click <b>here</b> to &amp; fro.</p><!-- note -->\n'
    '<script>if (a<b) alert("Hi")</script><pre>let it = be</pre>\n'
    '<p>The <code>cart</code> of <span translate="no">Tidegate</span>.</p><img alt="Hi"/>'
)


def test_a_page_keeps_everything_but_its_words() -> None:
    """Words of a sentence go together; scripts, listings and names never go."""
    made = ports()
    found = Localiser(ports=made, language="de").page(PAGE).text
    assert tree_of(found) == tree_of(PAGE)
    (request,) = asked(made)
    assert request["Text"] == (
        "<x0/>Shop<x2/>Click <x4/>here<x6/> to &amp; fro.<x8/>The <x10/> of <x12/>.<x14/>"
    )
    assert '<p class="a>b">[de] Çlíçk <b>[de] héré</b> [de] tó &amp; [de] fró.</p>' in found
    assert "<pre>let it = be</pre>" in found
    assert '<span translate="no">Tidegate</span>' in found


def lost(text: str) -> str:
    """A translator that loses a tag of sentences with several."""
    return text.replace("<x4/>", "", 1) if "<x4/>" in text else pseudo(text)


def swapped(text: str) -> str:
    """One that puts tags in another order."""
    return text.replace("<x4/>", "<@>").replace("<x6/>", "<x4/>").replace("<@>", "<x6/>")


def invented(text: str) -> str:
    """One that makes tags of its own."""
    return f"<b>{text}</b>" if "<x" in text else f"{text} < &"


@pytest.mark.parametrize("change", [lost, swapped, invented])
def test_whatever_a_translator_does_the_tree_of_tags_stays(change: Change) -> None:
    """Sentences come back word by word then."""
    found = page(PAGE, change)
    assert tree_of(found) == tree_of(PAGE)


def test_spaces_around_tags_stay() -> None:
    """Also where a translator drops them."""

    def tight(text: str) -> str:
        return text.replace(" <", "<").replace("> ", ">")

    assert page("<p>Click <b>here</b> now</p>", tight) == "<p>Click <b>here</b> now</p>"


FRAGMENTS = st.lists(
    st.sampled_from(
        (
            *("word ", "<p>", "</p>", "<b>", "</b>", "<br>", "&amp;", "<!-- c -->", "<", ">"),
            *("<pre>", "</pre>", "<script>x<y</script>", '<i a=">">', "</i>", "<div", "ü. "),
            *("&", "\n"),
        )
    ),
    max_size=14,
).map("".join)


@given(document=FRAGMENTS)
def test_pieces_are_the_document(document: str) -> None:
    """However broken it is."""
    assert "".join(piece.raw for block in blocks_of(document) for piece in block) == document


@given(document=FRAGMENTS)
def test_no_document_changes_its_tree(document: str) -> None:
    """Also of pages that no browser would like."""
    assert tree_of(page(document)) == tree_of(document)


@pytest.mark.parametrize("start", [0, pytest.param(30, marks=pytest.mark.accept)])
def test_real_pages_keep_their_trees(start: int) -> None:
    """Of the documentation of installed packages: some in a hurry, all with time."""
    few = itertools.islice(installed_pages(), 6) if start == 0 else installed_pages()
    seen = 0
    for path, document in few:
        assert tree_of(page(document)) == tree_of(document), path
        seen += 1
    assert seen >= 3


@given(
    text=st.text(alphabet="ab é.\n\t😀", max_size=300),
    most=st.integers(min_value=4, max_value=60),
)
def test_parts_are_the_text_and_small_enough(text: str, most: int) -> None:
    """No character is cut in two."""
    parts = parts_of(text, most)
    assert "".join(parts) == text
    assert all(size_of(part) <= most for part in parts)


def test_parts_end_with_sentences_where_they_can() -> None:
    """Else with words."""
    text = "One sentence. Another one! And a third? " * 8
    assert all(part.strip()[-1] in ".!?" for part in parts_of(text, 64) if part.strip())
    words = parts_of("word " * 40, 32)
    assert all(part.strip("word ") == "" for part in words)


def test_a_translated_part_costs_nothing_again() -> None:
    """In the same language, by the same terms."""
    made = ports()
    first = localise_page(Page(html=PAGE, language="de"), made)
    again = localise_page(Page(html=PAGE, language="de"), made)
    assert (first.cached, again.cached, again.parts) == (0, 1, 1)
    assert first.html == again.html
    assert len(asked(made)) == 1
    localise_page(Page(html=PAGE, language="fr"), made)
    assert len(asked(made)) == 2


def test_a_long_page_goes_in_parts() -> None:
    """None larger than Translate takes, all of it translated."""
    document = "".join(f"<p>Sentence number {n} of a <i>long</i> page.</p>\n" for n in range(600))
    made = ports()
    found = Localiser(ports=made, language="de").page(document)
    assert found.parts == len(asked(made)) > 2
    assert tree_of(found.text) == tree_of(document)
    assert found.text.count("[de] Séñtéñçé") == 600


def test_one_long_paragraph_goes_in_sentences() -> None:
    """Its tags stay where they were."""
    document = f"<p>{'A sentence of words. ' * 900}<b>End</b></p>"
    found = page(document)
    assert tree_of(found) == tree_of(document)
    assert found.count("séñtéñçé") == 900


def test_a_text_keeps_its_lines() -> None:
    """Nothing of it is markup."""
    text = "  Hello there.\n\nHow <are> you?\n"
    found = localise_text(Text(text=text, language="de"), ports())
    assert found.text.startswith("  [de] Hélló théré.")
    assert found.text.endswith("?\n")
    assert (found.language, found.because) == ("de", "asked")


def test_the_originals_language_is_not_translated() -> None:
    """Whoever asks."""
    made = ports()
    found = localise_page(Page(html=PAGE, country="GB"), made)
    assert (found.language, found.because, found.html) == ("en", "country", PAGE)
    assert asked(made) == []


def test_terms_are_a_resource_that_requests_name() -> None:
    """Under the service's own name; other terms are another translation."""
    settings = TranslateSettings(terminology=TERMS)
    made = ports(settings=settings)
    localise_text(Text(text="The Cart", language="de"), made)
    assert asked(made)[0]["TerminologyNames"] == [PLACE.prefix]
    template = KIND.resources(settings, PLACE).templates["Terminology"]["Properties"]
    assert template["Name"] == PLACE.prefix
    assert KIND.resources(TranslateSettings(), PLACE).templates == {}


def test_two_terminologies_can_be_tested_against_each_other() -> None:
    """Both are resources of the service; an arm's settings say which is applied."""
    own = TranslateSettings(terminology=TERMS, other_terminology="en,de\nCart,Korb\n")
    arm = replace(own, applies="other_terminology")
    assert KIND.resources(own, PLACE) == KIND.resources(arm, PLACE)
    assert sorted(KIND.resources(own, PLACE).templates) == ["OtherTerminology", "Terminology"]
    made, other = ports(settings=own), ports(settings=arm)
    for each in (made, other):
        localise_text(Text(text="The Cart", language="de"), each)
    names = [asked(each)[0]["TerminologyNames"] for each in (made, other)]
    assert names == [[PLACE.prefix], [f"{PLACE.prefix}-other"]]
    assert isinstance(made.files, FakeFiles)
    assert isinstance(other.files, FakeFiles)
    assert set(made.files.content).isdisjoint(other.files.content)


@pytest.mark.parametrize(
    ("asked_for", "language", "because"),
    [
        ({"language": "fr", "country": "DE"}, "fr", "asked"),
        ({"language": "xx", "country": "DE"}, "de", "country"),
        ({"preferences": "it, es;q=0.8, de;q=0.9", "country": "FR"}, "de", "preference"),
        ({"preferences": "fr-CA"}, "fr", "preference"),
        ({"preferences": "de;q=0, fr;q=0.1"}, "fr", "preference"),
        ({"preferences": "*;q=0.5, x;y=z", "country": "at"}, "de", "country"),
        ({"country": "CH"}, "fr", "country"),
        ({"country": "JP"}, "en", "original"),
        ({}, "en", "original"),
    ],
)
def test_the_language_is_what_the_reader_reads(
    asked_for: dict[str, str], language: str, because: str
) -> None:
    """What is asked for, preferred, usual in the country, or the original."""
    settings = TranslateSettings(countries={"CH": "fr"})
    found = chosen(settings, **asked_for)
    assert (found.language, found.because) == (language, because)


def test_preferences_are_by_weight_and_place() -> None:
    """As the header means them."""
    assert preferred("da, en-GB;q=0.8, en;q=0.7, fr ; q=0.9") == ["da", "fr", "en-GB", "en"]
    assert preferred(None) == []


def test_a_reader_is_told_the_language() -> None:
    """With the reason."""
    found = language_of(Reader(country="MX"), ports())
    assert (found.language, found.because) == ("es", "country")


def arrived(made: ServicePorts, content: bytes, name: str = "shop.html") -> Arrived:
    """A file that came."""
    assert isinstance(made.files, FakeFiles)
    key = f"in/pages/{name}"
    made.files.content[key] = content
    return Arrived(key=key, name=name, size=len(content), work="w")


def ended(file: Arrived, made: ServicePorts) -> tuple[Done, int]:
    """What comes of it after all looks, and how many there were."""
    progress: Progress = begin(file, made)
    looks = 0
    while isinstance(progress, Waiting):
        progress = look(file, progress.state, made)
        looks += 1
    return progress, looks


def test_a_file_is_put_in_every_language() -> None:
    """A look a language; the original is one of its versions."""
    made = ports()
    file = arrived(made, PAGE.encode())
    done, looks = ended(file, made)
    assert looks == 2
    versions = done.result.languages
    assert sorted(versions) == ["de", "en", "es", "fr"]
    assert versions["en"] == file.key
    for code in ("de", "es", "fr"):
        assert tree_of(made.files.read(versions[code]).decode()) == tree_of(PAGE)


def test_a_large_file_is_translated_in_portions() -> None:
    """Killed in between, nothing is asked twice."""
    made = ports(settings=TranslateSettings(languages=("de",)))
    text = "".join(f"Sentence {number} of some words. " for number in range(14_000))
    file = arrived(made, text.encode(), "long.txt")
    first = begin(file, made)
    assert first == Waiting(state={"language": 0, "parts": 0}, seconds=0)
    assert len(asked(made)) == PORTION
    done, _ = ended(file, made)
    assert len(asked(made)) == done.result.parts


def test_a_file_that_is_no_text_is_refused() -> None:
    """Before anything is asked, as is one that is too large."""
    made = ports()
    with pytest.raises(ProblemError, match="not UTF-8"):
        begin(arrived(made, b"\xff\xfe\x00"), made)
    with pytest.raises(ProblemError, match="at most 2000000"):
        begin(Arrived(key="in/pages/a.html", name="a.html", size=2_000_001, work="w"), made)


def test_a_reader_gets_the_version_of_their_language() -> None:
    """By a link; languages that were added later have none yet."""
    made = ports()
    file = arrived(made, PAGE.encode())
    done, _ = ended(file, made)
    made.files.write(
        "results/r.json",
        json.dumps({"result": to_json(done.result)}).encode(),
        content_type="application/json",
    )
    record = WorkRecord(
        work="w",
        key=file.key,
        size=9,
        state=WorkState.DONE,
        holder="m",
        touched_at=0.0,
        result="results/r.json",
    )
    made.ledger.save_work(record, after=None)
    found = link_for(ReaderOfFile(key=file.key, country="AT"), made)
    assert (found.language, found.link) == (
        "de",
        "https://files.example/localised/w/de/shop.html?get",
    )
    other = link_for(ReaderOfFile(key=file.key, country="JP"), made)
    assert (other.language, other.because) == ("en", "original")


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        (TranslateSettings(languages=("en", "de")), "languages name en"),
        (TranslateSettings(countries={"CH": "rm"}), "countries.CH is rm"),
        (TranslateSettings(terminology="de,en\na,b\n"), "terminology begins with de"),
        (TranslateSettings(applies="other_terminology"), "applies is other_terminology"),
    ],
)
def test_settings_that_do_not_fit_are_told(settings: TranslateSettings, fault: str) -> None:
    """Each by its field."""
    assert fault in faults(settings)[0]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("en\na\n", "header of at least two languages"),
        ("en,de\n", "a row of terms"),
        ("en,de\na\n", "row 2 has 1 columns"),
        ("en,en\na,b\n", "names a language twice"),
    ],
)
def test_a_file_that_is_no_terminology_is_told(text: str, fault: str) -> None:
    """What is wrong with it; a right one has no faults."""
    assert fault in terminology_faults(text)[0]
    assert terminology_faults(TERMS) == ()
