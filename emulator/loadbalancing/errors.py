"""Refusals of the load balancing API."""


class BalancingError(Exception):
    """A refused request, with the code that Elastic Load Balancing answers."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def invalid(message: str) -> BalancingError:
    """A request that breaks a rule."""
    return BalancingError("ValidationError", message)


def not_emulated(what: str) -> BalancingError:
    """A request for something that exists on AWS and not here."""
    return BalancingError("ValidationError", f"the embedded cloud does not emulate {what}")
