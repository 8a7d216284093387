"""The one place that knows ministack's inside.

`ministack` is exactly pinned and its internals move between releases, so everything that reads or
replaces one of them lives in this package, one seam a file, and has a contract test in
`tests/contract`. Nothing outside this package may import `ministack`.
"""

from importlib.metadata import version

PINNED_VERSION = "1.5.33"


def require_pinned_version() -> None:
    """The installed ministack is the one these seams are for; RuntimeError if not."""
    installed = version("ministack")
    if installed != PINNED_VERSION:
        raise RuntimeError(
            f"the embedded cloud is written against ministack {PINNED_VERSION}, got {installed}: "
            "install the locked requirements"
        )
