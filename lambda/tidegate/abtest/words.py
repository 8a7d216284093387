"""Words of A/B tests: what their objective counts, and names in a row."""

from tidegate.observation import OutcomeKind


def things(kind: OutcomeKind) -> str:
    """What the objective counts."""
    return "right outcomes" if kind is OutcomeKind.LABELS else kind.value


def listed(names: tuple[str, ...]) -> str:
    """Names in a row: a, b and c."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
