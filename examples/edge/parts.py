"""Parts on a conveyor, as eight vibration sensors see them; made up, the same for the same seed.

A faulty part shakes more in three of the bands. The first band is measured against the machine's
own hum, so that one part in four has a value below zero there.
"""

from dataclasses import dataclass

import numpy as np

BANDS = 8
_LOUDER = np.array([0.0, 0.6, 0.9, 0.0, 0.0, 0.7, 0.0, 0.0])
_FAULTY = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What was measured, a row a part, and which parts are faulty."""

    rows: np.ndarray
    faulty: np.ndarray


def parts(count: int, *, seed: int) -> Parts:
    """So many parts."""
    draw = np.random.default_rng(seed)
    faulty = draw.random(count) < _FAULTY
    rows = np.abs(draw.normal(0.0, 0.5, (count, BANDS))) + np.outer(faulty, _LOUDER) + 0.01
    rows[:, 0] = draw.normal(0.34, 0.5, count)
    return Parts(rows=rows.astype(np.float32), faulty=faulty)
