"""Personal data in texts: forms, held against check digits by python-stdnum and phonenumbers.

A number that has no check digits is personal data only beside a word that says so (`PIN`, `CVV`,
`account`), in English or Spanish. Names need a title or an introduction, addresses a house number
and a word for a street: no model reads the text.
"""

import ipaddress
from collections.abc import Callable, Iterator
from dataclasses import replace

import phonenumbers
import stdnum.iban
import stdnum.luhn
from stdnum import bic
from stdnum.ca import sin
from stdnum.gb import nhs, utr
from stdnum.in_ import aadhaar, epic, pan
from stdnum.us import itin, rtn, ssn

from emulator.ai.comprehend.spans import (
    CHECKED,
    CUED,
    SHAPED,
    Rule,
    Span,
    cased,
    first_come,
    found_by,
    pattern,
)
from emulator.ai.comprehend.words import EMAIL, NAME, STREET, TITLE, URL

ENGINE = "rules+python-stdnum+phonenumbers"

HOME_REGION = "US"
"""Where a telephone number without a country code is taken to be."""


def found(text: str) -> list[Span]:
    """Every stretch of personal data, none of them overlapping, in the order of the text."""
    candidates = [
        *found_by(_UNMISTAKABLE, text),
        *found_by(_CUED, text),
        *_telephones(text),
        *_TOLD_TELEPHONE.spans(text),
    ]
    return first_come(candidates)


def _telephones(text: str) -> Iterator[Span]:
    for match in phonenumbers.PhoneNumberMatcher(text, HOME_REGION):
        yield Span(kind="PHONE", begin=match.start, end=match.end, score=CHECKED)


def _is_card(text: str) -> bool:
    digits = "".join(filter(str.isdigit, text))
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and stdnum.luhn.is_valid(digits)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_vehicle(text: str) -> bool:
    """The check digit of 49 CFR 565.15 (ISO 3779 numbers of North America)."""
    values = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "12345678123457923456789"), strict=True))
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    total = sum(
        weight * (int(sign) if sign.isdigit() else values[sign])
        for weight, sign in zip(weights, text.upper(), strict=True)
    )
    return text[8].upper() == "0123456789X"[total % 11]


_UNMISTAKABLE = (
    Rule(
        kind="EMAIL",
        pattern=pattern(EMAIL),
        score=CHECKED,
    ),
    Rule(
        kind="URL",
        pattern=pattern(URL),
        score=CHECKED,
    ),
    Rule(kind="AWS_ACCESS_KEY", pattern=cased(r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"), score=CHECKED),
    Rule(
        kind="AWS_SECRET_KEY",
        pattern=pattern(
            r"secret(?:[\s_-]?access)?[\s_-]?key\W{1,4}(?P<it>[a-z0-9/+]{40})(?![\w/+])"
        ),
        score=CUED,
    ),
    Rule(
        kind="MAC_ADDRESS",
        pattern=pattern(r"\b[0-9a-f]{2}(?P<s>[:-])(?:[0-9a-f]{2}(?P=s)){4}[0-9a-f]{2}\b"),
        score=CHECKED,
    ),
    Rule(
        kind="IP_ADDRESS",
        pattern=pattern(
            r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]*(?::[0-9a-f]*){2,7})(?![\w:])"
        ),
        score=CHECKED,
        holds=_is_address,
    ),
    Rule(
        kind="INTERNATIONAL_BANK_ACCOUNT_NUMBER",
        pattern=cased(r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,3})?\b"),
        score=CHECKED,
        holds=stdnum.iban.is_valid,
    ),
    Rule(
        kind="CREDIT_DEBIT_NUMBER",
        pattern=pattern(r"(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-])"),
        score=CHECKED,
        holds=_is_card,
    ),
    Rule(
        kind="VEHICLE_IDENTIFICATION_NUMBER",
        pattern=cased(r"\b(?=\w*[A-Z])[A-HJ-NPR-Z0-9]{17}\b"),
        score=CHECKED,
        holds=_is_vehicle,
    ),
    Rule(
        kind="SSN",
        pattern=pattern(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])"),
        score=SHAPED,
        holds=ssn.is_valid,
    ),
    Rule(
        kind="US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER",
        pattern=pattern(r"(?<![\w-])9\d{2}-\d{2}-\d{4}(?![\w-])"),
        score=SHAPED,
        holds=itin.is_valid,
    ),
    Rule(
        kind="IN_AADHAAR",
        pattern=pattern(r"(?<![\w-])\d{4}[ ]\d{4}[ ]\d{4}(?![\w-])"),
        score=CHECKED,
        holds=aadhaar.is_valid,
    ),
    Rule(
        kind="IN_PERMANENT_ACCOUNT_NUMBER",
        pattern=cased(r"\b[A-Z]{5}\d{4}[A-Z]\b"),
        score=SHAPED,
        holds=pan.is_valid,
    ),
    Rule(
        kind="UK_NATIONAL_INSURANCE_NUMBER",
        pattern=cased(
            r"\b(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ ]?"
            r"(?:\d{2}[ ]?){3}[A-D]\b"
        ),
        score=SHAPED,
    ),
)

_TOLD_TELEPHONE = Rule(
    kind="PHONE",
    pattern=pattern(
        r"(?:phone|tel[eé]fono|tel|mobile|m[oó]vil)\W{0,3}(?P<it>\+?\d[\d ()-]{5,16}\d)"
    ),
    score=CUED,
)


def _cued(kind: str, cue: str, form: str, /) -> Rule:
    """What has the form after the word, with at most a few words like `number is` between."""
    between = r"(?:\W{1,3}(?:number|no|num|n[uú]mero|code|is|es|was|de|date)\b)*\W{1,3}"
    return Rule(kind=kind, pattern=pattern(rf"\b(?:{cue}){between}(?P<it>{form})"), score=CUED)


def _given(kind: str, cue: str, form: str, /) -> Rule:
    """What has the form after the word and a colon or an equals sign."""
    source = rf"\b(?:{cue})[ ]?[:=][ ]?(?P<it>{form})"
    return Rule(kind=kind, pattern=pattern(source), score=CUED)


def _checked(kind: str, cue: str, form: str, holds: Callable[[str], object], /) -> Rule:
    return replace(_cued(kind, cue, form), score=CHECKED, holds=holds)


_CUED = (
    _checked("BANK_ROUTING", "routing|aba|rtn", r"\d{9}\b", rtn.is_valid),
    _checked("SWIFT_CODE", "swift|bic", r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?\b", bic.is_valid),
    _checked("CA_SOCIAL_INSURANCE_NUMBER", "sin", r"\d{3}[ -]?\d{3}[ -]?\d{3}\b", sin.is_valid),
    _checked(
        "UK_NATIONAL_HEALTH_SERVICE_NUMBER", "nhs", r"\d{3}[ -]?\d{3}[ -]?\d{4}\b", nhs.is_valid
    ),
    _checked("UK_UNIQUE_TAXPAYER_REFERENCE_NUMBER", "utr", r"\d{10}\b", utr.is_valid),
    _checked("IN_VOTER_NUMBER", "voter(?:[ ]id)?|epic", r"[A-Z]{3}\d{7}\b", epic.is_valid),
    _cued("SSN", "ssn|social[ ]security", r"\d{9}\b"),
    _cued("CREDIT_DEBIT_CVV", "cvv2?|cvc2?|security[ ]code", r"\d{3,4}\b"),
    _cued(
        "CREDIT_DEBIT_EXPIRY",
        "exp(?:ir(?:y|es|ation))?|valid[ ](?:thru|until)|caduca",
        r"(?:0[1-9]|1[0-2])[ ]?/[ ]?(?:20)?\d{2}\b",
    ),
    _cued("PIN", "pin", r"\d{4,6}\b"),
    _cued("BANK_ACCOUNT_NUMBER", "(?:bank[ ])?account|acct|cuenta", r"\d{6,17}\b"),
    _cued("PASSPORT_NUMBER", "passport|pasaporte", r"(?=\w*\d)[A-Z0-9]{6,9}\b"),
    _cued(
        "DRIVER_ID",
        "driver'?s?[ ]licen[sc]e|licencia[ ]de[ ]conducir",
        r"(?=[\w-]*\d)[A-Z0-9-]{5,15}\b",
    ),
    _cued(
        "LICENSE_PLATE",
        "licen[sc]e[ ]plate|number[ ]plate|matr[ií]cula",
        r"(?=[\w -]*\d)[A-Z0-9]{1,4}(?:[ -]?[A-Z0-9]{2,4}){1,2}\b",
    ),
    _given("PASSWORD", "password|passwd|pwd|contrase[nñ]a", r"[^\s,;\"']{4,}(?<![.!?])"),
    _cued(
        "PASSWORD",
        "password|passwd|pwd|contrase[nñ]a",
        r"(?=\S*[\d@$%^&*+=_\#])[^\s,;\"']{4,}(?<![.!?])",
    ),
    _given("USERNAME", "user[ _-]?name|login|usuario", r"[\w.-]{3,}(?<![.])"),
    Rule(
        kind="AGE",
        pattern=pattern(r"\b(?P<it>\d{1,3}[ -](?:years?[ -]old|a[nñ]os[ ]de[ ]edad))\b"),
        score=CUED,
    ),
    _cued("AGE", "aged?|edad", r"\d{1,3}\b"),
    Rule(kind="NAME", pattern=cased(rf"\b{TITLE}[ ](?P<it>{NAME})"), score=CUED),
    Rule(
        kind="NAME",
        pattern=cased(
            r"\b(?:[Mm]y[ ]name(?:[ ]is|['\u2019]s)|[Mm]e[ ]llamo|[Mm]i[ ]nombre[ ]es)[ ]"
            rf"(?P<it>{NAME})"
        ),
        score=CUED,
    ),
    Rule(kind="ADDRESS", pattern=cased(STREET), score=CUED),
)
