"""Whether there is a way back to the version before the live one: in the idle slot."""

from tidegate.errors import NotFoundError
from tidegate.pointer import LivePointer
from tidegate.ports import ReleaseStore

STARTED_BY = "reaction"
"""Who starts the releases of a reaction, in their records."""


def no_way_back(store: ReleaseStore, model: str, pointer: LivePointer) -> str | None:
    """Why the version before the live one cannot be released; None where it can be.

    Never back from a version that was gone back to itself: two versions that are both no good would
    take turns for ever.
    """
    try:
        moved = store.load(pointer.moved_by)
    except NotFoundError:
        return f"{pointer.version.label} was live first, no version was before it"
    if moved.started_by == STARTED_BY:
        return f"{pointer.version.label} is what was gone back to, by release {moved.release_id}"
    before = moved.live.version
    declaration = store.declaration(model)
    idle = () if declaration is None else declaration.idle(pointer.slot)
    if before.digest not in (version.digest for version in idle):
        held = ", ".join(version.label for version in idle) or "nothing"
        return f"the idle slot has {held}, not {before.label}, which was live before: deploy it"
    return None
