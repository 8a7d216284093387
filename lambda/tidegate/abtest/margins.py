"""The totals of a table, given which the split of its events follows a known law."""

from dataclasses import dataclass

from tidegate.exact import counts
from tidegate.exact.law import Law


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """The totals of a 2 x 2 table, which say all that is known of it before the split is seen."""

    trials: int
    other_trials: int
    events: int

    @property
    def informative(self) -> bool:
        """Whether the events could have fallen differently between the two sides."""
        both = self.trials + self.other_trials
        return self.trials > 0 and self.other_trials > 0 and 0 < self.events < both

    def mirrored(self) -> "Margins":
        """The totals with the sides exchanged."""
        return Margins(trials=self.other_trials, other_trials=self.trials, events=self.events)

    @property
    def mean(self) -> float:
        """Expected events of the first side, should the sides not differ."""
        return self.events * self.trials / (self.trials + self.other_trials)

    @property
    def variance(self) -> float:
        """Variance of the first side's events, should the sides not differ."""
        return counts.variance(self.trials, self.other_trials, self.events)

    def law(self) -> tuple[Law, float]:
        """The hypergeometric law of the first side's events, and a bound of what it leaves out."""
        law = counts.hypergeometric(self.trials, self.other_trials, self.events)
        possible = min(self.events, self.trials) - max(0, self.events - self.other_trials) + 1
        return law, 0.0 if len(law.chances) == possible else counts.LEFT_OUT
