"""What arms of an AI service have of their own, by slot: from the settings that are in each.

Synth knows the settings of the project file. Those that are live may be others: `tidegate deploy`
passes them beside the pointer, so that what serves stays as it is.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stacks.project.placement import Placement, PlacementError
from stacks.project.spec import ServiceSpec
from tidegate.ai.kind import Own, Place
from tidegate.ai.kinds import kind_named
from tidegate.ai.typed import read, to_json
from tidegate.errors import InvalidValueError
from tidegate.slots import Slot
from tidegate.version import Version

CONTEXT = "tidegate:live-settings"
"""The context that tells the settings of live versions, service -> settings."""


def settings_identity(settings: Any) -> str:
    """What tells settings, in JSON types, from others."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnThings:
    """A service's arms; `live` are the settings of its live version in JSON types, as passed."""

    place: Place
    spec: ServiceSpec
    live: Mapping[str, Any] | None = None

    def by_slot(self, placement: Placement | None) -> Mapping[str, Own]:
        """What each slot has; slots with the live version have what the live one has.

        PlacementError where that cannot be known, or where the live arm would change.
        """
        kind = kind_named(self.spec.kind)
        if placement is None:
            return {"": kind.own(self.spec.settings, self.place, "")}
        if not kind.has_own:
            return {slot.value: Own() for slot in placement.slots}
        live = placement.slots[placement.live]
        self._refuse_other_shared(self._settings(live, placement.live))
        found: dict[str, Own] = {}
        for slot, version in placement.slots.items():
            where = placement.live if version.digest == live.digest else slot
            settings = self._settings(version, slot)
            found[slot.value] = kind.own(settings, self.place, where.value)
        return found

    def _settings(self, version: Version, slot: Slot) -> Any:
        for settings in self._pool():
            if settings_identity(to_json(settings)) == version.artifact:
                return settings
        return self._live_settings(version, slot)

    def _pool(self) -> Iterator[Any]:
        """The settings of the project file."""
        yield self.spec.settings
        if self.spec.release is not None:
            yield from (arm.settings for arm in self.spec.release.challengers)

    def _live_settings(self, version: Version, slot: Slot) -> Any:
        name = self.spec.name
        if self.live is None:
            raise PlacementError(
                f"context {CONTEXT} has no settings of {name}, whose {version.label} is live in "
                f"slot {slot} with resources of its own: let 'tidegate deploy' pass them"
            )
        if settings_identity(self.live) != version.artifact:
            raise PlacementError(
                f"context {CONTEXT} has other settings of {name} than its live {version.label}: "
                "let 'tidegate deploy' pass them"
            )
        try:
            return read(kind_named(self.spec.kind).settings, self.live, what="settings")
        except InvalidValueError as error:
            raise PlacementError(
                f"the live settings of {name} cannot be read any more ({'; '.join(error.faults)}): "
                "release settings that can be with the version of tidegate that deployed them"
            ) from error

    def _refuse_other_shared(self, live: Any) -> None:
        """What all arms share stays as the live one needs it; more may be added."""
        kind = kind_named(self.spec.kind)
        new, old = (kind.resources(one, self.place) for one in (self.spec.settings, live))
        changed = [
            id_ for id_, template in old.templates.items() if new.templates.get(id_) != template
        ]
        if changed:
            raise PlacementError(
                f"settings of {self.spec.name} change what its arms share ({', '.join(changed)}), "
                "and the live arm with them: make another service of them, or take 'release' out, "
                "deploy, and put it back, which makes them live at once"
            )


def distinct(own: Mapping[str, Own]) -> tuple[Own, ...]:
    """Each once, in the order of slots."""
    every = [own[slot] for slot in sorted(own)]
    return tuple(one for place, one in enumerate(every) if one not in every[:place])
