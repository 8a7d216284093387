"""What a deployed model's recent requests were, read from counters that the release loop keeps.

For guidance only: whatever goes wrong here is told and stops nobody.
"""

from botocore.exceptions import BotoCoreError, ClientError

from cli.deployed import Deployed
from cli.simulation.observed import LONGEST_INTERVALS, RECENT_INTERVALS, Observed, observe
from tidegate.errors import TidegateError
from tidegate.intervals import last_closed
from tidegate.plan import ReleasePlan
from tidegate.requestlog import tally_key
from tidegate.split import NO_RELEASE

UNREADABLE = (BotoCoreError, ClientError, TidegateError)
"""What reading may end in on a cloud: no access, no connection, a table that is gone."""


def recent_traffic(deployed: Deployed, model: str, *, plan: ReleasePlan) -> Observed:
    """The last hour of a model, by its steady counters and those of its newest release."""
    through = last_closed(deployed.target.clock.now(), lag_seconds=plan.lag_seconds)
    steady = deployed.counters.read(
        tally_key(model=model, release_id=NO_RELEASE),
        from_interval=max(0, through - LONGEST_INTERVALS + 1),
    )
    released = [
        observation
        for release_id in deployed.store.releases(model)[:1]
        for observation in deployed.counters.read(
            release_id, from_interval=max(0, through - RECENT_INTERVALS + 1)
        )
    ]
    return observe(
        steady,
        others=released,
        through=through,
        outcome_window_seconds=plan.outcome_window_seconds,
    )
