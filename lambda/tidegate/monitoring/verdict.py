"""What a monitor says: a word, a sentence, and the numbers behind it."""

import math
import time
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from tidegate.monitoring.advance import Watched, log_evidence, since
from tidegate.monitoring.discovery import limit
from tidegate.monitoring.drafts import Hypothesis
from tidegate.monitoring.evidence import GUESSES
from tidegate.monitoring.shares import Family
from tidegate.monitoring.shown import shown_of
from tidegate.monitoring.state import MonitorState
from tidegate.values import value

MOST_LOG_ODDS = 460.0
"""Odds of more than 10^200 are told as that."""

NAMED = 3
"""Findings that the sentence names; the others are counted."""


class Word(StrEnum):
    """The verdict of a monitor."""

    WAITING = "waiting"
    STEADY = "steady"
    DRIFT = "drift"


@value
class Finding:
    """One hypothesis: how much evidence there is, and what moved most, from where to where.

    Shares are of the baseline (or what scores say), and of the windows since the change (at most
    the last fourteen); `of` says what they are shares of. Evidence and limit are natural logarithms
    of e-values.
    """

    family: str
    feature: str
    refused: bool
    log_evidence: float
    log_limit: float
    share: str
    of: str
    against: str
    baseline: float
    tolerated: tuple[float, float]
    recent: float | None
    since: float
    requests: int

    def to_json(self) -> dict[str, Any]:
        """The finding in JSON types."""
        return {
            "family": self.family,
            "feature": self.feature,
            "refused": self.refused,
            "log_evidence": round(self.log_evidence, 3),
            "log_limit": round(self.log_limit, 3),
            "share": self.share,
            "of": self.of,
            "against": self.against,
            "baseline": self.baseline,
            "tolerated": list(self.tolerated),
            "recent": self.recent,
            "since": self.since,
            "requests": self.requests,
        }


@value
class MonitorVerdict:
    """The verdict on a model's traffic, with every hypothesis, the most telling first."""

    word: Word
    reason: str
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> tuple[Finding, ...]:
        """What has drifted."""
        return tuple(one for one in self.findings if one.refused)

    def to_json(self) -> dict[str, Any]:
        """The verdict in JSON types."""
        return {
            "word": self.word.value,
            "reason": self.reason,
            "findings": [one.to_json() for one in self.findings],
        }


def verdict_of(state: MonitorState, watched: Watched) -> MonitorVerdict:
    """What the state says."""
    findings = sorted(
        _findings(state, watched),
        key=lambda one: (not one.refused, one.log_limit - one.log_evidence, one.feature),
    )
    word = _word(state)
    return MonitorVerdict(
        word=word, reason=_reason(word, state, findings, watched), findings=tuple(findings)
    )


def _word(state: MonitorState) -> Word:
    if state.now:
        return Word.DRIFT
    return Word.STEADY if state.points else Word.WAITING


def _findings(state: MonitorState, watched: Watched) -> Iterator[Finding]:
    for _, level, of_it in watched.hypotheses.families():
        refused = sum(one.name in state.now for one in of_it)
        needed = limit(len(of_it), max(1, refused), level=level)
        for one in of_it:
            if one.name in state.bets:
                yield _finding(state, watched, one, needed)


def _finding(state: MonitorState, watched: Watched, one: Hypothesis, needed: float) -> Finding:
    seconds, begun = watched.plan.window_seconds, since(state, one)
    place = max(range(len(state.bets[one.name].gains)), key=lambda i: _telling(state, one, i))
    shown = shown_of(state, watched, one, place=place, since=begun)
    return Finding(
        family=one.family.value,
        feature=one.feature,
        refused=one.name in state.now,
        log_evidence=log_evidence(state, one),
        log_limit=needed,
        share=shown.share,
        of=shown.of,
        against=shown.against,
        baseline=shown.was,
        tolerated=(shown.limits.least, shown.limits.most),
        recent=shown.now,
        since=float(begun * seconds),
        requests=round(shown.requests),
    )


def _telling(state: MonitorState, one: Hypothesis, place: int) -> tuple[float, float]:
    bets = state.bets[one.name]
    wealth = bets.wealth[place * len(GUESSES) : (place + 1) * len(GUESSES)]
    return bets.gains[place], max(wealth)


def _reason(word: Word, state: MonitorState, findings: list[Finding], watched: Watched) -> str:
    if word is Word.WAITING:
        open_ = sum(window.requests for window in state.windows.values())
        return f"no window is closed yet; {open_} requests are counted in the open one"
    windows, requests = len(state.points), state.totals.requests
    if word is Word.STEADY:
        return (
            f"nothing beyond the tolerance in {windows} windows and {requests} requests: "
            f"{len(watched.baseline.features)} features and predictions watched"
        )
    refused = [one for one in findings if one.refused]
    named = "; ".join(told(one) for one in refused[:NAMED])
    more = len(refused) - NAMED
    return named if more <= 0 else f"{named}; and {more} more"


def told(one: Finding) -> str:
    """A finding as a sentence says it."""
    recent = "?" if one.recent is None else f"{100 * one.recent:.1f} %"
    return (
        f"{one.family}: {one.feature} {one.share} in {recent} of {one.of}, "
        f"{100 * one.baseline:.1f} % {one.against}, probably since {moment(one.since)}, at odds "
        f"of {math.exp(min(one.log_evidence, MOST_LOG_ODDS)):.0e} to 1"
    )


def moment(at: float) -> str:
    """A moment in UTC, to the minute."""
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at))


def by_family(verdict: MonitorVerdict) -> dict[Family, int]:
    """How many hypotheses of each family are refused."""
    counts = dict.fromkeys(Family, 0)
    for one in verdict.refused:
        counts[Family(one.family)] += 1
    return counts
