"""Comprehend's engines: what they find in texts, and what they leave alone."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.ai.comprehend import entities, languages, personal, sentiment
from emulator.ai.comprehend.spans import Span, first_come


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("I love this shop! :)", "POSITIVE"),
        ("not bad at all", "POSITIVE"),
        ("The delivery was late and the box broken.", "NEGATIVE"),
        ("Great camera, but the battery is terrible.", "MIXED"),
        ("The shop opens at nine.", "NEUTRAL"),
        (" ", "NEUTRAL"),
    ],
)
def test_sentiment_of_posts(text: str, label: str):
    """Negation, emoticons and both at once."""
    assert sentiment.judged(text)["Sentiment"] == label


@settings(max_examples=40)
@given(st.text(max_size=60))
def test_scores_of_sentiment_are_shares_of_one(text: str):
    """And the label is the highest of them, whatever the text."""
    found = sentiment.judged(text)
    scores: dict[str, float] = found["SentimentScore"]
    assert sum(scores.values()) == pytest.approx(1.0)
    assert min(scores.values()) >= 0.0
    assert scores[found["Sentiment"].capitalize()] == max(scores.values())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The quick brown fox jumps over the dog.", "en"),
        ("Das Wetter ist heute sehr schön und wir gehen spazieren.", "de"),
        ("El servicio fue muy malo y no volveré nunca.", "es"),
        ("Le service était très mauvais et je ne reviendrai pas.", "fr"),
        ("これはとても良い製品です。", "ja"),
        ("这个产品非常好我很喜欢", "zh"),
        ("Dette er en veldig god butikk, og jeg kommer tilbake.", "no"),
    ],
)
def test_the_dominant_language_comes_first(text: str, code: str):
    """With the others in falling order."""
    found: list[dict[str, Any]] = languages.judged(text)["Languages"]
    scores = [language["Score"] for language in found]
    assert found[0]["LanguageCode"] == code
    assert scores == sorted(scores, reverse=True)


def test_a_text_without_letters_has_no_language():
    """Rather than one by chance."""
    assert languages.judged("?!")["Languages"] == []


PERSONAL = [
    ("EMAIL", "jane.doe+x@example.co.uk", "Write to {}."),
    ("URL", "https://example.org/a?b=1", "See {}."),
    ("PHONE", "+44 20 7946 0958", "Call {} now"),
    ("PHONE", "612 345 678", "Mi teléfono: {}"),
    ("CREDIT_DEBIT_NUMBER", "4111 1111 1111 1111", "card {}, please"),
    ("CREDIT_DEBIT_CVV", "123", "CVV {}"),
    ("CREDIT_DEBIT_EXPIRY", "08/27", "exp {}"),
    ("PIN", "4321", "my PIN is {}."),
    ("SSN", "536-90-4399", "it is {}."),
    ("US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER", "912-90-3457", "it is {}."),
    ("INTERNATIONAL_BANK_ACCOUNT_NUMBER", "DE89 3704 0044 0532 0130 00", "to {}, today"),
    ("SWIFT_CODE", "DEUTDEFF", "swift code {}"),
    ("BANK_ROUTING", "111000025", "routing number {}"),
    ("BANK_ACCOUNT_NUMBER", "123456789", "account number: {}"),
    ("IP_ADDRESS", "192.168.0.1", "from {}, twice"),
    ("IP_ADDRESS", "2001:db8::1", "from {}, twice"),
    ("MAC_ADDRESS", "00:1B:44:11:3A:B7", "from {}, twice"),
    ("AWS_ACCESS_KEY", "AKIAIOSFODNN7EXAMPLE", "key {}"),
    ("AWS_SECRET_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "secret key: {}"),
    ("VEHICLE_IDENTIFICATION_NUMBER", "1HGCM82633A004352", "the car {} is mine"),
    ("UK_NATIONAL_HEALTH_SERVICE_NUMBER", "943 476 5870", "NHS number {}"),
    ("UK_NATIONAL_INSURANCE_NUMBER", "AB 12 34 56 C", "mine is {}."),
    ("CA_SOCIAL_INSURANCE_NUMBER", "123-456-782", "SIN {}"),
    ("IN_AADHAAR", "2341 2341 2346", "mine is {}."),
    ("IN_PERMANENT_ACCOUNT_NUMBER", "ABCPE1234F", "mine is {}."),
    ("PASSPORT_NUMBER", "AB123456", "passport number {}"),
    ("PASSWORD", "hunter22", "password: {}"),
    ("PASSWORD", "secreto1", "la contraseña es {}, no la digas"),
    ("USERNAME", "jane_doe", "username: {}"),
    ("AGE", "42 years old", "I am {}."),
    ("NAME", "John Smith", "Mr. {} called"),
    ("NAME", "Ana María López", "me llamo {}."),
    ("ADDRESS", "12 Elm Street, Springfield, IL 62704", "at {}."),
]


@pytest.mark.parametrize(("kind", "value", "sentence"), PERSONAL)
def test_personal_data_is_found_exactly(kind: str, value: str, sentence: str):
    """Nothing else in the sentence is."""
    text = sentence.format(value)
    assert [(span.kind, span.of(text)) for span in personal.found(text)] == [(kind, value)]


@pytest.mark.parametrize(
    "text",
    [
        "Order 4111 1111 1111 1112",
        "order 0000 0000 0000 0000",
        "SSN 000-12-3456",
        "version 1.2.3.4567 and 999.1.1.1",
        "the time 12:30:45, ratio 3:4, std::string",
        "the shop sold 25 lamps for 1,200 dollars",
        "DE88 3704 0044 0532 0130 00",
        "the part 1HGCM82633A004353",
        "my login is broken",
        "the street was long and the password was lost",
    ],
)
def test_what_only_looks_like_personal_data_is_left_alone(text: str):
    """Its check digits do not hold, or nothing says what it is."""
    assert [(span.kind, span.of(text)) for span in personal.found(text)] == []


ENTITIES = [
    ("PERSON", "Maria Curie", "Dr. {} spoke"),
    ("ORGANIZATION", "Acme Corp.", "we sued {}"),
    ("ORGANIZATION", "University of Oxford", "at the {}."),
    ("DATE", "12 March 2024", "on {}, at noon"),
    ("DATE", "2024-02-03", "on {}, at noon"),
    ("DATE", "last Monday", "it was {}."),
    ("QUANTITY", "$1,200.50", "we paid {}."),
    ("QUANTITY", "40 minutes", "I waited {}."),
    ("LOCATION", "12 Elm Street", "it is at {}."),
    ("OTHER", "@acme", "thanks {}!"),
    ("OTHER", "#fail", "such a {}!"),
]


@pytest.mark.parametrize(("kind", "value", "sentence"), ENTITIES)
def test_entities_that_their_form_gives_away(kind: str, value: str, sentence: str):
    """Nothing else in the sentence is one."""
    text = sentence.format(value)
    assert [(span.kind, span.of(text)) for span in entities.found(text)] == [(kind, value)]


def test_an_entity_that_nothing_gives_away_is_not_invented():
    """Names alone would need a model."""
    assert entities.found("Paris may be nice, said Anna, but I may stay.") == []


spans = st.builds(
    lambda begin, size: Span(kind="OTHER", begin=begin, end=begin + size, score=1.0),
    st.integers(0, 40),
    st.integers(1, 10),
)


@given(st.lists(spans))
def test_no_two_spans_overlap_and_the_first_is_kept(candidates: list[Span]):
    """In the order of the text, none that could have stayed is lost."""
    kept = first_come(candidates)
    assert all(one.end <= two.begin for one, two in itertools.pairwise(kept))
    assert kept[:1] == [] or candidates[0] in kept
    for span in candidates:
        assert any(span.begin < other.end and other.begin < span.end for other in kept)
