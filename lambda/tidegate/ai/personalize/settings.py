"""Settings of a service that recommends, and what AWS takes.

Sources: Personalize developer guide, "Schemas", "Filter expressions", "Limits and quotas".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from tidegate.ai.limits import Between, Length, Matches, OneOf

BATCH, CAMPAIGN = "batch", "campaign"
CATEGORY, NUMBER = "category", "number"
RECIPES = ("aws-user-personalization-v2", "aws-user-personalization", "aws-popularity-count")
"""Recipes that recommend to users (developer guide, "Choosing a recipe"). The last one has the same
for all of them: what others are worth is told by a test against it."""
LEAST_INTERACTIONS, LEAST_USERS = 1_000, 25
"""What a training takes at least; of users, those with two interactions."""
_RESERVED = frozenset({"USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE", "EVENT_VALUE"})
_COLUMN = re.compile(r"[A-Z][A-Z0-9_]{0,62}")
_FILTER = re.compile(r"[a-z][a-z0-9-]{0,29}")
_MOST_FIELDS, _MOST_FILTERS = 25, 9
_WEEKLY = "cron(0 3 ? * SUN *)"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalizeSettings:
    """What to recommend to whom, learnt from what people did."""

    answers: Annotated[
        str,
        "batch: made in advance for every known user, bills nothing while idle. campaign: while "
        "the caller waits, events count at once; bills while idle, about $146 a month, from the "
        "first training on, which makes it.",
        OneOf((BATCH, CAMPAIGN)),
    ] = BATCH
    campaign_rate: Annotated[
        int,
        "Recommendations a second that a campaign is provisioned for; each bills while idle.",
        Between(least=1, most=500),
    ] = 1
    recipe: Annotated[str, "Personalize's recipe.", OneOf(RECIPES)] = RECIPES[0]
    bought: Annotated[
        str,
        "Type of the events that say that somebody bought something; what is bought most is "
        "popular.",
        Length(least=1, most=100),
        Matches(pattern=r"[A-Za-z0-9_. -]+", words="letters, digits, spaces, dots, hyphens, _"),
    ] = "purchase"
    bought_again: Annotated[
        bool, "Whether what somebody bought may be recommended to them again."
    ] = False
    item_fields: Annotated[
        Mapping[str, Annotated[str, OneOf((CATEGORY, NUMBER))]],
        "Columns of the files of items beside ITEM_ID, such as CATEGORY: category, PRICE: number. "
        "A change begins a new data set group: everything is imported and trained anew.",
    ] = field(default_factory=dict)
    user_fields: Annotated[
        Mapping[str, Annotated[str, OneOf((CATEGORY, NUMBER))]],
        "The same of files of users, beside USER_ID.",
    ] = field(default_factory=dict)
    filters: Annotated[
        Mapping[str, Annotated[str, Length(least=1, most=2_500)]],
        "Filter expressions by a name that requests give, for campaigns.",
    ] = field(default_factory=dict)
    results: Annotated[
        int, "Items recommended to a user in advance.", Between(least=1, most=100)
    ] = 25
    schedule: Annotated[
        str,
        "When a model is trained (EventBridge, in UTC); without news none is.",
        Matches(pattern=r"(cron|rate)\([0-9A-Za-z ,\-*?/#]+\)", words="cron(...) or rate(...)"),
    ] = _WEEKLY


def faults(settings: PersonalizeSettings) -> tuple[str, ...]:
    """Columns are such as schemas have; filters are for campaigns."""
    found: list[str] = []
    for name, fields in (
        ("item_fields", settings.item_fields),
        ("user_fields", settings.user_fields),
    ):
        found += [
            f"{name}.{column} must be capital letters, digits and underscores, and no column that "
            "interactions have"
            for column in fields
            if not _COLUMN.fullmatch(column) or column in _RESERVED
        ]
        if len(fields) > _MOST_FIELDS:
            found.append(f"{name} are {len(fields)}, at most {_MOST_FIELDS}")
    found += [
        f"filters.{name} must be small letters, digits and hyphens, 30 at most"
        for name in settings.filters
        if not _FILTER.fullmatch(name)
    ]
    if len(settings.filters) > _MOST_FILTERS:
        found.append(f"filters are {len(settings.filters)}, at most {_MOST_FILTERS}")
    if settings.filters and settings.answers == BATCH:
        found.append("filters are for answers: campaign; what is made in advance has none to name")
    return tuple(found)
