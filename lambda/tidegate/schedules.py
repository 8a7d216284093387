"""The steps of strategies whose shares follow from one number: linear and rolling.

A step is a share below 100 percent: the last shift, to everything, is the promotion.
"""

import math

from tidegate.plan import Step

LEAST_PERCENT, MOST_PERCENT = 5, 50
"""Bounds of `step_percent` and `batch_percent`: those of SageMaker's MaximumBatchSize.

Below 5 percent a release would have more than nineteen steps. SageMaker's own LinearStepSize
begins at 10.
"""


def linear_steps(*, step_percent: int, bake_seconds: int) -> tuple[Step, ...]:
    """Equal steps of the traffic; the promotion adds what is left, at most as much."""
    return tuple(
        Step(share_percent=share, bake_seconds=bake_seconds)
        for share in range(step_percent, 100, step_percent)
    )


def batch_size(*, instances: int, batch_percent: int) -> int:
    """How many instances a rolling step is worth: as many as the percentage allows, at least one.

    Like MaximumBatchSize it is an upper bound, so a half of three instances is one.
    """
    return max(1, instances * batch_percent // 100)


def rolling_steps(*, instances: int, batch_percent: int, bake_seconds: int) -> tuple[Step, ...]:
    """A step a batch of instances; its share is that of their capacity, in whole percents."""
    batch = batch_size(instances=instances, batch_percent=batch_percent)
    count = math.ceil(instances / batch)
    return tuple(
        Step(share_percent=round(100 * batch * done / instances), bake_seconds=bake_seconds)
        for done in range(1, count)
    )
