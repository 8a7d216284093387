"""Which record sets of a name answer one query: routing policies and health.

After "How Amazon Route 53 chooses records when health checking is configured" and "Weighted
routing" of its developer guide. Pure: health and chance are handed in.
"""

from collections.abc import Callable, Sequence

from emulator.route53.records import RecordSet

MOST_VALUES = 8
"""Healthy records that a multivalue answer holds at most."""

Draw = Callable[[], float]
"""A number uniform in [0, 1)."""
Healthy = Callable[[RecordSet], bool]


def choose(group: Sequence[RecordSet], healthy: Healthy, draw: Draw) -> tuple[RecordSet, ...]:
    """The record sets that answer this time; several only for a multivalue answer."""
    if not group:
        return ()
    match group[0].policy:
        case "weighted":
            return (_weighted(group, healthy, draw),)
        case "failover":
            return (_failover(group, healthy),)
        case "multivalue":
            return _several(group, healthy, draw)
    return (group[0],)


def _weighted(group: Sequence[RecordSet], healthy: Healthy, draw: Draw) -> RecordSet:
    """By weight / sum of weights, among the healthy.

    Records of weight 0 count when every other one is unhealthy, and equally when all are 0. When
    none is healthy, all are taken for healthy.
    """
    weighing = [r for r in group if r.weight]
    idle = [r for r in group if not r.weight]
    for pool in (weighing, idle):
        fit = [r for r in pool if healthy(r)]
        if fit:
            return _drawn(fit, draw())
    return _drawn(weighing or idle, draw())


def _drawn(pool: Sequence[RecordSet], unit: float) -> RecordSet:
    weights = [r.weight or 1 for r in pool]
    left = unit * sum(weights)
    for record, weight in zip(pool, weights, strict=True):
        left -= weight
        if left < 0:
            return record
    return pool[-1]  # rounding may leave a hair at the end


def _failover(group: Sequence[RecordSet], healthy: Healthy) -> RecordSet:
    """The first healthy one, primary before secondary; the primary when none is."""
    ordered = sorted(group, key=lambda r: r.failover != "PRIMARY")
    return next((r for r in ordered if healthy(r)), ordered[0])


def _several(group: Sequence[RecordSet], healthy: Healthy, draw: Draw) -> tuple[RecordSet, ...]:
    """Up to eight healthy ones, drawn without replacement; of all when none is healthy."""
    fit = [r for r in group if healthy(r)]
    pool = list(fit or group)
    taken: list[RecordSet] = []
    while pool and len(taken) < MOST_VALUES:
        taken.append(pool.pop(int(draw() * len(pool))))
    return tuple(taken)
