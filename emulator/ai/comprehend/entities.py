"""Entities of English texts by rules: what their form or a word beside them gives away.

Found: DATE, QUANTITY, PERSON after a title or an introduction, ORGANIZATION by its legal form or
its word (University of), LOCATION of a street, OTHER (addresses of the web, @names, #tags). Never
found: COMMERCIAL_ITEM, EVENT, TITLE, and names that nothing beside them gives away, for which a
model would be needed.
"""

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
from emulator.ai.comprehend.words import DATE, EMAIL, NAME, STREET, TITLE, URL

ENGINE = "rules"

_LEGAL_FORM = (
    r"(?:Inc|Incorporated|Corp|Corporation|Ltd|Limited|LLC|LLP|PLC|plc|GmbH|AG|SE|S\.A)\b\.?"
)
_UNIT = (
    r"(?:percent|%|kg|kilograms?|g|grams?|km|kilomet(?:er|re)s?|miles?|m|met(?:er|re)s?|cm|inch(?:es)?"
    r"|feet|l|lit(?:er|re)s?|GB|MB|TB|hours?|minutes?|seconds?|days?|weeks?|months?|years?|times"
    r"|dollars?|euros?|pounds?|people|customers?|items?|stars?)"
)
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"

_RULES = (
    Rule(
        kind="OTHER",
        pattern=pattern(rf"{URL}|{EMAIL}|(?<!\w)[@#]\w*[^\W\d]\w*"),
        score=CHECKED,
    ),
    Rule(kind="LOCATION", pattern=cased(STREET), score=CUED),
    Rule(kind="DATE", pattern=pattern(DATE), score=CUED),
    Rule(
        kind="QUANTITY",
        pattern=pattern(
            rf"[$€£¥][ ]?(?:{_NUMBER})(?:[ ](?:million|billion|thousand))?"
            rf"|(?<![\w.,])(?:{_NUMBER})[ ]?{_UNIT}(?!\w)"
        ),
        score=CUED,
    ),
    Rule(kind="ORGANIZATION", pattern=cased(rf"\b{NAME},?[ ]{_LEGAL_FORM}"), score=CUED),
    Rule(
        kind="ORGANIZATION",
        pattern=cased(rf"\b(?:University|Bank|Ministry|Department|Institute)[ ]of[ ]{NAME}"),
        score=CUED,
    ),
    Rule(
        kind="ORGANIZATION",
        pattern=cased(rf"\b{NAME}[ ](?:University|Bank|Institute|Airlines|Group|Council)\b"),
        score=SHAPED,
    ),
    Rule(kind="PERSON", pattern=cased(rf"\b{TITLE}[ ](?P<it>{NAME})"), score=CUED),
    Rule(kind="PERSON", pattern=cased(rf"\b[Mm]y[ ]name[ ]is[ ](?P<it>{NAME})"), score=CUED),
)


def found(text: str) -> list[Span]:
    """Every entity, none of them overlapping, in the order of the text."""
    return first_come(found_by(_RULES, text))
