"""Items that belong together: the cosine of their users, over all that users did.

cos(i, j) = users of both / sqrt(users of i * users of j). A user's score of an item is the sum of
its cosines with the other items of that user; what a user knows nothing of has the popular items.
Scores add up to 1, as Personalize's do.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

ENGINE, POPULARITY = "item-cooccurrence", "popularity"
LEAST_INTERACTIONS, LEAST_USERS = 1000, 25
"""What AWS trains on at the least (developer guide, "Minimum data requirements")."""
_MOST_ITEMS_OF_A_USER = 200
"""The latest that count, so that one robot does not make every pair of items similar."""


class UntrainableError(ValueError):
    """Interactions that nothing can be learned from; the sentence says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Similarity:
    """What was learned."""

    cosines: Mapping[str, Mapping[str, float]]
    popularity: Mapping[str, int]
    """How many interactions each item had."""

    @classmethod
    def trained(cls, interactions: Sequence[tuple[str, str]]) -> "Similarity":
        """Learned from pairs of user and item, oldest first; UntrainableError if too few."""
        of_users: dict[str, list[str]] = defaultdict(list)
        for user, item in interactions:
            of_users[user].append(item)
        several = [user for user, items in of_users.items() if len(items) >= 2]
        if len(interactions) < LEAST_INTERACTIONS or len(several) < LEAST_USERS:
            raise UntrainableError(
                f"at least {LEAST_INTERACTIONS} interactions and {LEAST_USERS} users with two or "
                f"more are needed, got {len(interactions)} and {len(several)}"
            )
        known: Counter[str] = Counter()
        both: dict[str, Counter[str]] = defaultdict(Counter)
        for items in of_users.values():
            mine = sorted(set(items[-_MOST_ITEMS_OF_A_USER:]))
            known.update(mine)
            for one, other in combinations(mine, 2):
                both[one][other] += 1
                both[other][one] += 1
        cosines = {
            one: {
                other: count / math.sqrt(known[one] * known[other])
                for other, count in others.items()
            }
            for one, others in both.items()
        }
        return cls(cosines=cosines, popularity=Counter(item for _, item in interactions))

    def for_items(self, items: Collection[str], candidates: Iterable[str]) -> dict[str, float]:
        """How well candidates go with the items; none is in the answer that never met them."""
        scores = {
            candidate: sum(
                self.cosines.get(item, {}).get(candidate, 0.0)
                for item in items
                if item != candidate
            )
            for candidate in candidates
        }
        return _shares({name: score for name, score in scores.items() if score > 0.0})

    def popular(self, candidates: Iterable[str]) -> dict[str, float]:
        """How popular candidates are."""
        counts = {name: float(self.popularity.get(name, 0)) for name in candidates}
        return _shares({name: count for name, count in counts.items() if count > 0.0})


def _shares(scores: Mapping[str, float]) -> dict[str, float]:
    total = sum(scores.values())
    return {name: score / total for name, score in scores.items()}


def best_first(scores: Mapping[str, float]) -> list[tuple[str, float]]:
    """The items with their scores, the best first; equals by name."""
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
