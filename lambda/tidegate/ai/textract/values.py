"""What a form says, as a value of the field's type; ValueError where it is none."""

import re
from datetime import date

from tidegate.ai.textract.settings import DATE, NUMBER, TICK

Value = str | float | bool
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMERIC = re.compile(r"(\d{1,4})[./\-\s](\d{1,2})[./\-\s](\d{1,4})")
_WORDED = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?\.?\s+([a-z]{3})[a-z]*\.?,?\s+(\d{4})")
_MONTH_FIRST = re.compile(r"([a-z]{3})[a-z]*\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
_SPACES = "'\u2019\u00a0\u202f "
"""What may stand between groups of digits."""
_TRUE, _FALSE = frozenset({"yes", "true", "x", "[x]"}), frozenset({"no", "false", "[ ]"})


def value_of(text: str, kind: str, *, date_order: str) -> Value:
    """The value; text stays as it stands."""
    if kind == NUMBER:
        return number_of(text)
    if kind == DATE:
        return date_of(text, date_order=date_order)
    return tick_of(text) if kind == TICK else text.strip()


def number_of(text: str) -> float:
    """The one number in a text, beside which a currency, unit or percent sign may stand."""
    found: list[str] = re.findall(rf"-?\d[\d.,{_SPACES}]*", text)
    if len(found) != 1:
        raise ValueError("is not one number")
    digits = re.sub(f"[{_SPACES}]", "", found[0]).rstrip(".,")
    decimal = _decimal_sign(digits)
    plain = "".join(
        "." if sign == decimal else sign for sign in digits if sign not in ".," or sign == decimal
    )
    try:
        return float(plain)
    except ValueError:
        raise ValueError("is no number") from None


def _decimal_sign(digits: str) -> str | None:
    """The later of point and comma; a comma before exactly three digits separates thousands."""
    if "." in digits and "," in digits:
        return "." if digits.rfind(".") > digits.rfind(",") else ","
    if digits.count(".") == 1:
        return "."
    alone = digits.count(",") == 1 and len(digits.rpartition(",")[2]) != 3
    return "," if alone else None


def date_of(text: str, *, date_order: str) -> str:
    """The date as YYYY-MM-DD."""
    plain = text.strip().lower()
    if match := _NUMERIC.fullmatch(plain):
        first, second, third = (int(part) for part in match.groups())
        if len(match[1]) == 4:
            return _iso(first, second, third)
        if len(match[3]) != 4:
            raise ValueError("is a date without a year of four digits")
        day, month = (first, second) if date_order == "day" else (second, first)
        return _iso(third, month, day)
    if match := _WORDED.fullmatch(plain):
        return _iso(int(match[3]), _month(match[2]), int(match[1]))
    if match := _MONTH_FIRST.fullmatch(plain):
        return _iso(int(match[3]), _month(match[1]), int(match[2]))
    raise ValueError("is no date")


def _month(word: str) -> int:
    if word not in _MONTHS:
        raise ValueError("is no date: its month is unknown")
    return _MONTHS.index(word) + 1


def _iso(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError as error:
        raise ValueError("is no day of the calendar") from error


def tick_of(text: str) -> bool:
    """Whether a word says yes."""
    word = text.strip().lower()
    if word in _TRUE | _FALSE:
        return word in _TRUE
    raise ValueError("is neither yes nor no")
