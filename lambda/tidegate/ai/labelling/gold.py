"""Gold questions: who gets one, which one, and who surely answers them worse than the limit.

The evidence is an e-process: after each answer, how much more likely all answers so far are under a
share of right ones below the limit than at the limit, averaged over all shares below it. Nobody at
or above the limit ever reaches 1/alpha with a chance of more than alpha, however often one looks
(Ville's inequality; Ramdas, Grünwald, Vovk, Shafer, "Game-theoretic statistics and safe
anytime-valid inference", Statistical Science 38, 2023). The average is exact:

    integral over q in (0, limit) of q^k (1-q)^(n-k) dq / (limit * limit^k (1-limit)^(n-k)),

and the integral is P(at least k+1 of n+1 right at the limit) / ((n+1) * (n choose k)).
"""

import hashlib
import math
from collections.abc import Collection, Sequence

from tidegate.ai.labelling.goldfile import Gold

ALPHA = 0.01
"""The chance at most that a person who reaches the limit is ever stopped."""
FIRST = 20
"""Items of a new person among which gold questions are twice as often."""


def evidence(right: int, asked: int, *, limit: float) -> float:
    """How strongly the answers say that the share of right ones is below the limit, from 0 on."""
    tail = sum(
        math.comb(asked + 1, x) * limit**x * (1 - limit) ** (asked + 1 - x)
        for x in range(right + 1, asked + 2)
    )
    below = tail / ((asked + 1) * math.comb(asked, right))
    return below / (limit ** (right + 1) * (1 - limit) ** (asked - right))


def is_careless(right: int, asked: int, *, limit: float) -> bool:
    """Whether so few right answers are proof."""
    return evidence(right, asked, limit=limit) >= 1 / ALPHA


def accuracy(right: int, asked: int) -> float:
    """What a person's share of right answers is taken for: Laplace's rule of succession."""
    return (right + 1) / (asked + 2)


def is_due(person: str, number: int, *, share: float) -> bool:
    """Whether a person's item of that number, from 0 on, is to be a gold question.

    By a hash, so that it follows no pattern, and is the same if it is asked again. The first ones
    are twice as often, up to half: who is careless is best found before they labelled much.
    """
    wanted = min(0.5, 2 * share) if number < FIRST else share
    return _fraction(f"{person}\0{number}") < wanted


def next_gold(person: str, golds: Sequence[Gold], known: Collection[str]) -> Gold | None:
    """The question that this person gets next, none that they know; None when there are no more."""
    left = [gold for gold in golds if gold.id not in known]
    return min(left, key=lambda gold: _fraction(f"{person}\0{gold.id}"), default=None)


def _fraction(text: str) -> float:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64
