"""The judge: a pure, deterministic function `(plan, state, observations) -> (state, verdict)`.

`judge` takes what newly closed since the last look and returns the next state and the verdict on
all evidence so far. Looking as often as one likes is allowed: the evidence is kept as e-processes.
`JudgeState` is bounded in size and goes to and from JSON, so that a release can be resumed
anywhere.
"""

from tidegate.judge.engine import Comparison, JudgeState, judge

__all__ = ["Comparison", "JudgeState", "judge"]
