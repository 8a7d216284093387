"""What is popular: the answer for whom nothing is known, and when Personalize does not answer."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from tidegate.ai.parts import JSON, as_json, read_json
from tidegate.ai.personalize.settings import PersonalizeSettings
from tidegate.ai.personalize.tables import INTERACTIONS, interactions_in, known_rows
from tidegate.ai.ports import ServicePorts

POPULAR = "popular/"
_KEY = f"{POPULAR}items.json"
_MOST = 500

Scored = Sequence[tuple[str, float]]
"""Items with their share of what was bought, the most popular first."""


def learn_popular(ports: ServicePorts) -> None:
    """The most bought items are known; those that most was done with, where nothing was bought."""
    settings: PersonalizeSettings = ports.settings
    bought: Counter[str] = Counter()
    done: Counter[str] = Counter()
    for _, item, kind in interactions_in(known_rows(INTERACTIONS, ports)):
        done[item] += 1
        if kind == settings.bought:
            bought[item] += 1
    counted = bought or done
    best = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST]
    total = sum(counted.values())
    items: list[Any] = [[item, round(count / total, 6)] for item, count in best]
    ports.files.write(_KEY, as_json({"items": items}), content_type=JSON)


def popular_items(ports: ServicePorts) -> Scored | None:
    """As they were last learnt, None before that."""
    told = read_json(ports.files, _KEY)
    return None if told is None else [(str(item), float(share)) for item, share in told["items"]]
