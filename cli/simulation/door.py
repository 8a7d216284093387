"""What can be simulated and replayed at all: everything else is refused before any work is done."""

from cli.simulation.recording import Recording
from tidegate.judge import Comparison
from tidegate.plan import ReleasePlan
from tidegate.strategies import Mechanism, Strategy

SIMULATED = (Strategy.CANARY, Strategy.LINEAR, Strategy.ROLLING, Strategy.SHADOW)


def simulation_faults(plan: ReleasePlan) -> tuple[str, ...]:
    """Why releases by this plan cannot be simulated: empty when they can."""
    if plan.mechanism is Mechanism.GUARDRAIL:
        fault = (
            f"strategy {plan.strategy} by mechanism guardrail cannot be simulated: SageMaker moves "
            "the traffic in its own time, and the judge sees both fleets by their metrics; "
            "simulate a canary by mechanism weights to see what the margins need"
        )
        return (fault,)
    if plan.strategy not in SIMULATED:
        fault = (
            f"strategy {plan.strategy} cannot be simulated, only {', '.join(SIMULATED)}: these "
            "compare one candidate with the live version at the same time"
        )
        return (fault,)
    return ()


def replay_faults(
    recording: Recording, plan: ReleasePlan, *, comparison: Comparison, name: str
) -> tuple[str, ...]:
    """Why this plan cannot judge what was recorded: empty when it can."""
    if plan.strategy not in SIMULATED:
        fault = (
            f"{name} is of strategy {plan.strategy}, which cannot be replayed, only "
            f"{', '.join(SIMULATED)}: give another plan by --plan"
        )
        return (fault,)
    paired = any(
        item.pairs is not None
        for item in recording.observations
        if item.key.slot == comparison.candidate
    )
    if paired and plan.strategy is not Strategy.SHADOW:
        fault = (
            f"{recording.release_id} was a shadow, and {name} is of strategy {plan.strategy}: the "
            f"candidate in slot {comparison.candidate} answered copies only, so that nothing but a "
            "shadow's plan can judge it"
        )
        return (fault,)
    if not paired and plan.strategy is Strategy.SHADOW:
        fault = (
            f"{name} is a shadow's plan, and {recording.release_id} has no pairs in slot "
            f"{comparison.candidate}: only the recording of a shadow can be judged by it; was the "
            "other slot the candidate ('--live')?"
        )
        return (fault,)
    return ()
