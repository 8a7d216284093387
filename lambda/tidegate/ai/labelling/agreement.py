"""How far people agree beyond chance.

Two people: Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological
Measurement 20 (1960). Any people, as many an item: Fleiss, "Measuring nominal scale agreement among
many raters", Psychological Bulletin 76 (1971). Boxes have no chance to correct for: the mean share
of boxes that both drew (F1).
"""

from collections import Counter
from collections.abc import Sequence


def cohen_kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Of items that two people labelled: 1 agrees always, 0 as by chance.

    None without items, and where both always say the same one thing: chance explains all then.
    """
    if not pairs:
        return None
    many = len(pairs)
    seen = sum(one == other for one, other in pairs) / many
    ours, theirs = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    chance = sum(ours[name] * theirs[name] for name in ours) / many**2
    return None if chance == 1.0 else (seen - chance) / (1 - chance)


def fleiss_kappa(items: Sequence[Sequence[str]]) -> float | None:
    """Of items with the same number of labels, two at least; who gave which does not matter.

    None without items, and where everybody always says the same one thing.
    """
    if not items:
        return None
    raters = len(items[0])
    counts = [Counter(labels) for labels in items]
    every = sum(counts, Counter())
    chance = sum((n / (len(items) * raters)) ** 2 for n in every.values())
    seen = sum(
        (sum(n * n for n in count.values()) - raters) / (raters * (raters - 1)) for count in counts
    ) / len(items)
    return None if chance == 1.0 else (seen - chance) / (1 - chance)
