"""Which intent a text is for, and which values it has, by a bot's own words."""

import pytest

from emulator.ai.lex.definition import FALLBACK, Definition, Intent, Slot, SlotType
from emulator.ai.lex.matching import Matcher
from emulator.ai.lex.values import Setting, agreement, resolve

NOON = 1_796_040_000.0
"""2026-11-30, 12:00 UTC, a Monday."""
ENGLISH = Setting(language="en", now=NOON)
ROOM = SlotType(
    name="Room", values={"king": "king", "deluxe": "deluxe", "luxury": "deluxe"}, only_known=True
)


def slot(name: str, kind: SlotType | str) -> Slot:
    """A required slot."""
    given = SlotType(name=kind) if isinstance(kind, str) else kind
    return Slot(name=name, type=given, required=True)


HOTEL = Intent(
    name="BookHotel",
    utterances=("book a hotel", "book a {Room} room in {City} for {Nights} nights"),
    slots=(slot("City", "AMAZON.City"), slot("Nights", "AMAZON.Number"), slot("Room", ROOM)),
)
ORDER = Intent(
    name="OrderStatus",
    utterances=(
        "where is my order",
        "what is the status of order {Number}",
        "has my package shipped",
    ),
    slots=(slot("Number", "AMAZON.AlphaNumeric"),),
)
RETURN = Intent(name="Return", utterances=("I want to return an item", "send something back"))
PERSON = Intent(name="Person", utterances=("talk to a person", "speak to a human"))
HELP = Intent(name="Help", signature="AMAZON.HelpIntent")
MATCHER = Matcher(
    definition=Definition(
        locale="en_US",
        threshold=0.4,
        intents=(HOTEL, ORDER, RETURN, PERSON, HELP, Intent(name="None", signature=FALLBACK)),
    )
)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("where is my order", "OrderStatus"),
        ("Where's my order?", "OrderStatus"),
        ("has my pakage shiped", "OrderStatus"),
        ("where did my package go", "OrderStatus"),
        ("Book me a hotel please", "BookHotel"),
        ("I'd like to book a luxury room", "BookHotel"),
        ("can I talk to a human being?", "Person"),
        ("I need to send back the shirt I bought", "Return"),
        ("help", "Help"),
    ],
)
def test_texts_in_words_like_the_utterances_are_understood(text: str, intent: str) -> None:
    """The likeliest intent is theirs, with the confidence that Lex takes by default."""
    best = MATCHER.matches(text, ENGLISH)[0]
    assert (best.intent.name, best.score >= 0.4) == (intent, True)


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "what is the weather on mars",
        "give me a coffee",
        "how much does it cost to fly",
        "??",
    ],
)
def test_texts_in_other_words_are_not(text: str) -> None:
    """No intent reaches the confidence that Lex takes by default."""
    assert [match.score for match in MATCHER.matches(text, ENGLISH) if match.score >= 0.4] == []


def test_an_utterance_that_is_said_literally_fills_its_slots() -> None:
    """With full confidence; punctuation and case do not matter."""
    best = MATCHER.matches("Book a luxury room in New York, for two nights!", ENGLISH)[0]
    values = {name: (v.original, v.interpreted) for name, v in best.values.items()}
    assert best.score == 1.0
    assert values == {
        "Room": ("luxury", "deluxe"),
        "City": ("New York", "New York"),
        "Nights": ("two", "2"),
    }


def test_values_are_spotted_in_other_words() -> None:
    """A value of the bot's own that is somewhere in the text."""
    best = MATCHER.matches("please book the king one", ENGLISH)[0]
    assert {name: v.interpreted for name, v in best.values.items()} == {"Room": "king"}


def test_an_intent_that_needs_a_context_is_left_out_without_it() -> None:
    """As Lex does with input contexts."""
    later = Intent(name="Later", utterances=("and tomorrow",), needs_contexts=("asked",))
    matcher = Matcher(definition=Definition(locale="en_US", threshold=0.4, intents=(later,)))
    assert matcher.matches("and tomorrow", ENGLISH) == []
    assert matcher.matches("and tomorrow", ENGLISH, ["asked"])[0].score == 1.0


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("AMAZON.Date", "tomorrow", "2026-12-01"),
        ("AMAZON.Date", "next friday", "2026-12-04"),
        ("AMAZON.Date", "on December 24th please", "2026-12-24"),
        ("AMAZON.Date", "in two weeks", "2026-12-14"),
        ("AMAZON.Date", "5pm", None),
        ("AMAZON.Time", "at 5pm", "17:00"),
        ("AMAZON.Time", "17:45", "17:45"),
        ("AMAZON.Time", "noon", "12:00"),
        ("AMAZON.Time", "25 o'clock", None),
        ("AMAZON.Number", "twenty two", "22"),
        ("AMAZON.Number", "I need 1,200.50 of them", "1200.50"),
        ("AMAZON.Number", "order AB-123", None),
        ("AMAZON.Number", "0", "0"),
        ("AMAZON.Duration", "three nights", "P3D"),
        ("AMAZON.Duration", "20 minutes", "PT20M"),
        ("AMAZON.Percentage", "thirty percent", "30%"),
        ("AMAZON.PhoneNumber", "call me at (206) 555-0100", "2065550100"),
        ("AMAZON.EmailAddress", "it is Ann@Example.com", "ann@example.com"),
        ("AMAZON.UKPostalCode", "sw1a 1aa", "SW1A 1AA"),
        ("AMAZON.AlphaNumeric", "it's AB-12.", "AB-12"),
        ("AMAZON.AlphaNumeric", "no code at all", None),
        ("AMAZON.FirstName", "my name is Ann", "Ann"),
        ("AMAZON.City", "221 of them", None),
        ("AMAZON.FreeFormInput", "It broke.", "It broke"),
        ("AMAZON.Confirmation", "yes please", "Yes"),
        ("AMAZON.Number", "  ", None),
    ],
)
def test_values_of_built_in_types(kind: str, text: str, value: str | None) -> None:
    """In the forms of Lex's guide."""
    found = resolve(SlotType(name=kind), text, ENGLISH)
    assert (None if found is None else found.interpreted) == value


def test_numbers_are_read_in_other_languages() -> None:
    """As far as the libraries speak them."""
    german = Setting(language="de", now=NOON)
    number = resolve(SlotType(name="AMAZON.Number"), "zweiundzwanzig", german)
    day = resolve(SlotType(name="AMAZON.Date"), "morgen", german)
    assert number is not None
    assert day is not None
    assert (number.interpreted, day.interpreted) == ("22", "2026-12-01")


def test_a_pattern_limits_an_extended_type() -> None:
    """Codes of another form are no values."""
    code = SlotType(name="Code", parent="AMAZON.AlphaNumeric", pattern="[A-Z]{2}-[0-9]{3}")
    assert resolve(code, "AB-123", ENGLISH) is not None
    assert resolve(code, "A-1", ENGLISH) is None


def test_own_values_are_strict_or_open() -> None:
    """Only the list's by TopResolution; else any, of which those of the list are resolved."""
    assert resolve(ROOM, "a kind one", ENGLISH) is None
    opened = SlotType(name="Room", values={"suite": "suite"})
    unknown = resolve(opened, "the attic", ENGLISH)
    assert unknown is not None
    assert unknown.interpreted == "the attic"
    near = resolve(
        SlotType(name="Room", values={"deluxe": "deluxe"}, only_known=True), "delux", ENGLISH
    )
    assert near is not None
    assert near.interpreted == "deluxe"


@pytest.mark.parametrize(
    ("text", "language", "agreed"),
    [
        ("Yes!", "en", True),
        ("no thanks", "en", False),
        ("yes and no", "en", None),
        ("notice", "en", None),
        ("maybe", "en", None),
        ("ja", "de", True),
        ("nein danke", "de", False),
    ],
)
def test_agreement_is_yes_no_or_neither(text: str, language: str, agreed: bool | None) -> None:  # noqa: FBT001
    """By whole words."""
    assert agreement(text, language) is agreed
