"""Evidence that the candidate is worse: an e-process against "not worse", for one metric.

A fixed grid of odds ratios is bet on, each in a wealth of its own that is multiplied stratum by
stratum. Three quarters of the money is staked at the first informative stratum, a constant fraction
of the rest at each later one, so that a version that turns bad late is found without having to make
up for the good time before. The evidence is what all wealths and the money not yet staked amount
to; it began at 1 and its expectation never rises while the candidate is harmless.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tidegate.judge.hypergeometric import log_ratios, log_sum_exp
from tidegate.judge.strata import Table

ODDS_RATIOS: tuple[float, ...] = (1.5, 2.5, 5.0, 14.0, 50.0, 256.0)
"""The effects bet on; the last stands for an outage. A finer grid gains less than it costs."""

LOG_ODDS: tuple[float, ...] = tuple(math.log(ratio) for ratio in ODDS_RATIOS)

FIRST_STAKE = 0.75
"""Fraction of the money staked at the first informative stratum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmState:
    """Wealth by channel and odds ratio, and the money not yet staked, as natural logarithms.

    A channel is one way to tell harm: one for errors and outcomes, one for each edge of latency.
    """

    channels: int
    log_wealth: tuple[float, ...] = ()
    log_cash: float = 0.0

    @property
    def log_evidence(self) -> float:
        """Natural logarithm of the e-value: the mean wealth plus the money not yet staked."""
        if not self.log_wealth:
            return self.log_cash
        mean = log_sum_exp(self.log_wealth) - math.log(len(self.log_wealth))
        return log_sum_exp((mean, self.log_cash))

    @property
    def worst_channel(self) -> int:
        """The channel that most of the evidence is from; 0 before there is any."""
        size = len(LOG_ODDS)
        wealth = [log_sum_exp(self.log_wealth[i : i + size]) for i in self._starts]
        return wealth.index(max(wealth)) if wealth else 0

    @property
    def _starts(self) -> range:
        return range(0, len(self.log_wealth), len(LOG_ODDS))

    def to_json(self) -> dict[str, Any]:
        """The state in JSON types; `from_json` reads it back."""
        return {
            "channels": self.channels,
            "log_wealth": list(self.log_wealth),
            "log_cash": self.log_cash,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "HarmState":
        """The state that `to_json` wrote."""
        return cls(
            channels=int(data["channels"]),
            log_wealth=tuple(float(value) for value in data["log_wealth"]),
            log_cash=float(data["log_cash"]),
        )


def update(state: HarmState, tables: Sequence[Table], *, restart_rate: float) -> HarmState:
    """The state after one more stratum, given one table a channel.

    Whether to stake may depend on the margins of the tables, never on how the events fell: the bet
    is fair given the margins.
    """
    if not any(table.informative for table in tables):
        return state
    wealth = state.log_wealth
    if wealth:
        stake = math.log(restart_rate)
        wealth = tuple(log_sum_exp((value, state.log_cash + stake)) for value in wealth)
        cash = state.log_cash + math.log1p(-restart_rate)
    else:
        wealth = (math.log(FIRST_STAKE),) * (state.channels * len(LOG_ODDS))
        cash = state.log_cash + math.log1p(-FIRST_STAKE)
    gains = _gains(tables)
    return HarmState(
        channels=state.channels,
        log_wealth=tuple(value + gain for value, gain in zip(wealth, gains, strict=True)),
        log_cash=cash,
    )


def _gains(tables: Sequence[Table]) -> list[float]:
    known: dict[Table, list[float]] = {}
    gains: list[float] = []
    for table in tables:
        if table not in known:
            known[table] = (
                log_ratios(table, LOG_ODDS) if table.informative else [0.0] * len(LOG_ODDS)
            )
        gains.extend(known[table])
    return gains
