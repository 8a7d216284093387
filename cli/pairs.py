"""A shadow's pairs in words: how many, how they came out, and where they came out worst."""

from tidegate.observation import PairCounts
from tidegate.view import ReleaseView, SliceView
from tidegate.words import percent, thousands

COPIES = "copies of all requests"
"""What stands where other releases have their shares."""


def pairs_words(view: ReleaseView) -> str | None:
    """The pairs of a shadow in a sentence; None for other releases, and before any was counted."""
    pairs = view.pairs
    if pairs is None or pairs.pairs == 0:
        return None
    return "; ".join((_counts(pairs), *_worst(view.slices)))


def _counts(pairs: PairCounts) -> str:
    differ = None if pairs.answered == 0 else pairs.differed / pairs.answered
    return (
        f"{thousands(pairs.pairs)} pairs: {percent(differ)} of the answers differ, "
        f"{thousands(pairs.candidate_only_error)} failed by the candidate alone, "
        f"{thousands(pairs.live_only_error)} by the live version alone"
    )


def _worst(slices: tuple[SliceView, ...]) -> list[str]:
    bad = [one for one in slices if one.bad > 0]
    if not bad:
        return []
    each = ", ".join(f"{one.name} {percent(one.bad / one.pairs)} of {one.pairs}" for one in bad)
    return [f"most differ or fail in {each}"]
