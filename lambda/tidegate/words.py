"""Numbers as people read them, in the reasons of releases and of A/B tests."""


def thousands(number: float) -> str:
    """A whole number with its thousands set apart: 20 000."""
    return f"{number:,.0f}".replace(",", " ")
