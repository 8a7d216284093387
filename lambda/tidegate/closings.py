"""All closings of a release in the order of time, from counters that were read at once.

For whoever judges anew what was judged before, or without having kept a state: each interval gives
what `closing` would have given at a look that was on time.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from tidegate.closing import closed, outcomes_of, window_intervals
from tidegate.observation import DELAY_EDGES, Observation, OutcomeKind, last_delay


def closings(
    counters: Iterable[Observation],
    *,
    through: int,
    outcome_window_seconds: int,
    kind: OutcomeKind = OutcomeKind.LABELS,
) -> Iterator[tuple[int, tuple[Observation, ...]]]:
    """Each interval up to `through` at which anything became final, with its increments.

    `counters` are cumulative, one a key. Nothing is closed beyond `through`.
    """
    window = window_intervals(outcome_window_seconds)
    ends = [last_delay(bucket, window_intervals=window) for bucket in range(len(DELAY_EDGES))]
    due: defaultdict[int, list[Observation]] = defaultdict(list)
    for item in counters:
        closing = outcomes_of(item, kind=kind, window=window)
        matured = {window} if kind.has_events_only else set()
        for delay in {0, *(ends[bucket] for bucket in closing)} | matured:
            if item.key.interval + delay <= through:
                due[item.key.interval + delay].append(item)
    for interval in sorted(due):
        yield (
            interval,
            closed(
                due[interval],
                after=interval - 1,
                through=interval,
                outcome_window_seconds=outcome_window_seconds,
                kind=kind,
            ),
        )
