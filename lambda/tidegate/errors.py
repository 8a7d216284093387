"""The one error hierarchy of the core: what went wrong, in words an operator can act on."""

from collections.abc import Iterable


class TidegateError(Exception):
    """Root of every error the product raises on purpose."""


class InvalidValueError(TidegateError):
    """A value was refused at the door; `faults` holds every fault found, not just the first."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(self.faults))


class ReleaseRefusedError(TidegateError):
    """A release may not start, and nothing was changed."""


class DeployRefusedError(TidegateError):
    """A deploy may not go on, or did not end as declared; the message says why."""


class LockedError(ReleaseRefusedError):
    """Another release holds the model; `holder` is its id."""

    def __init__(self, *, model: str, holder: str) -> None:
        self.model = model
        self.holder = holder
        super().__init__(
            f"model {model} is being released by {holder}: "
            f"wait for it, or run 'tidegate release abort {model}'"
        )


class SupersededError(TidegateError):
    """A newer epoch owns the release; the holder of an older one must stop without a change."""

    def __init__(self, *, release_id: str, expected: int, found: int) -> None:
        self.release_id = release_id
        self.expected = expected
        self.found = found
        super().__init__(
            f"release {release_id} is at epoch {found}, this task belongs to epoch {expected}: "
            "it yields"
        )


class ConflictError(TidegateError):
    """A conditional write lost against a concurrent one; reading again and repeating is safe."""


class InstancesFailedError(TidegateError):
    """Instances of a version started and do not answer; the message says how many of which."""


class NotFoundError(TidegateError):
    """A named thing does not exist; the message lists what does."""


class OutcomeRefusedError(TidegateError):
    """An outcome was not credited; `reason` is one word for the count of refused ones."""

    def __init__(self, reason: str, message: str) -> None:
        self.reason = reason
        super().__init__(message)


class ForgedTextError(TidegateError):
    """A signed text is malformed or its signature does not match; the message is a predicate."""


class ForgedPredictionIdError(TidegateError):
    """A prediction id is malformed or its signature does not match."""


class SubmissionRefusedError(TidegateError):
    """A request was not submitted, and nothing was asked; `status` is the HTTP status of it."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


class TargetRefusedError(TidegateError):
    """A request names a model that is not there, or none; `status` is the HTTP status of it."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


class OverrideRefusedError(TidegateError):
    """A tester's slot token does not hold; nothing was asked of the model."""
