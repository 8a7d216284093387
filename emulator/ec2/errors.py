"""Refusals of the auto-scaling API."""


class ScalingError(Exception):
    """A refused request, with the code that EC2 Auto Scaling answers."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def invalid(message: str) -> ScalingError:
    """A request that breaks a rule."""
    return ScalingError("ValidationError", message)


def not_emulated(what: str) -> ScalingError:
    """A request for something that exists on AWS and not here."""
    return ScalingError("ValidationError", f"the embedded cloud does not emulate {what}")
