"""The rules that others decide by, each from its documentation, over all runs at once.

Where a tool leaves a choice open, the choice that serves it better was made and is said so. All see
what the product's judge sees: counts of whole minutes, outcomes when their delay bucket is closed.
"""

from bench.judge.peers import argo, cloudwatch, flagger, growthbook, kayenta, msprt, ztest
from bench.judge.rules import Rule

PEERS: tuple[Rule, ...] = (
    cloudwatch.FITTED,
    cloudwatch.EXAMPLES,
    flagger.FITTED,
    flagger.DOCUMENTED,
    argo.FITTED,
    argo.DOCUMENTED,
    kayenta.HOURLY,
    ztest.PEEKED,
    msprt.MSPRT,
    growthbook.SEQUENTIAL,
)

FITTED = (cloudwatch.ALARMS, flagger.CHECKS, argo.ANALYSIS)
"""Those whose limits are fitted to the world before the release."""
