"""The bucket for a model's captured requests: private, encrypted, over TLS only, expiring."""

from stacks.components.blueprint import Blueprint, data
from stacks.components.bucket import add_bucket
from stacks.project.spec import DataOnDestroy

CAPTURE_BUCKET = "CaptureBucket"
"""Its logical id, which is pinned: another one would be another bucket."""


def add_capture_bucket(blueprint: Blueprint, *, keep_days: int, on_destroy: DataOnDestroy) -> None:
    """The bucket is there; its name is generated, its content expires after so many days."""
    add_bucket(blueprint, CAPTURE_BUCKET, keep_days=keep_days, kept=data(on_destroy))
