"""Pieces of patterns for names, dates and addresses that more than one kind is made of."""

_CAPITALISED = r"[^\W\d_a-zß-ÿ][\w'\u2019]*(?:-[^\W\d_a-zß-ÿ][\w'\u2019]*){0,2}"

NAME = rf"{_CAPITALISED}(?:[ ](?:(?:de|del|la|van|von|der|bin)[ ]){{0,2}}{_CAPITALISED}){{0,3}}"
"""One to four capitalised words, with the small words of family names between."""

TITLE = r"(?:Mr|Mrs|Ms|Miss|Dr|Prof|Professor|Sir|Dame|Sr|Sra|Srta|Don|Do[nñ]a)\.?"

EMAIL = r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b"
URL = r"\b(?:https?://|www\.)[^\s<>\"']*[^\s<>\"'.,;:!?)\]]"
"""Without the punctuation of a sentence after it."""

_STREET_WORD = (
    r"(?:(?:Street|Avenue|Road|Boulevard|Lane|Drive|Court|Place|Square|Way)\b"
    r"|(?:St|Ave|Rd|Blvd|Ln|Dr|Ct|Pl)\b\.?)"
)
STREET = (
    rf"\b\d{{1,5}}[A-Za-z]?[ ](?:{_CAPITALISED}[ ]){{1,3}}{_STREET_WORD}"
    rf"(?:,[ ](?:Apt|Suite|Unit)\.?[ ]\w+)?(?:,[ ]{NAME})?"
    r"(?:,[ ][A-Z]{2}(?:[ ]\d{5}(?:-\d{4})?)?)?"
    rf"|\b(?:Calle|Avenida|Avda\.|Plaza|Paseo)[ ]{NAME}(?:,[ ](?:n\.?º[ ])?\d{{1,4}})"
)
"""A house number and a street, with a town, state and ZIP code if they follow; or a Spanish one."""

MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
WEEKDAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"

DATE = (
    r"\b\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])\b"
    r"|\b\d{1,2}[/.]\d{1,2}[/.](?:\d{4}|\d{2})\b"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)?[ ](?:of[ ])?{MONTH}(?:,?[ ]\d{{4}}\b)?"
    rf"|\b{MONTH}[ ]\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?[ ]\d{{4}}\b)?"
    rf"|\b{MONTH}[ ]\d{{4}}\b"
    rf"|\b(?:(?:last|next|this)[ ])?{WEEKDAY}s?\b"
    r"|\b(?:today|tomorrow|yesterday|tonight)\b"
    r"|\b(?:last|next|this)[ ](?:week|month|year|quarter|weekend)\b"
)
"""Days as English writes them, and ISO 8601's."""
