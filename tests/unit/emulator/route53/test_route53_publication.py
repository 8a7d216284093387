"""Changes reach the DNS servers after a while of the cloud's clock."""

from dataclasses import dataclass

from emulator.route53.publication import PROPAGATION_SECONDS, Publications
from emulator.route53.records import Zone


@dataclass
class Clock:
    """A clock that is moved by hand."""

    seconds: float = 100.0

    def now(self) -> float:
        """What it shows."""
        return self.seconds


def _zone(name: str) -> Zone:
    return Zone(id="Z", name=name, private=False, records=())


def test_a_change_is_pending_until_it_has_propagated() -> None:
    """It is neither INSYNC nor served before, and both at that moment."""
    clock = Clock()
    published = Publications(clock.now)
    published.submit("C1", "Z", _zone("one."))

    clock.seconds += PROPAGATION_SECONDS - 0.1
    assert (published.in_sync("C1"), dict(published.zones())) == (False, {})
    assert abs(published.seconds_until_synced("C1") - 0.1) < 1e-9

    clock.seconds += 0.1
    assert published.in_sync("C1")
    assert published.zones()["Z"].name == "one."


def test_later_changes_win_in_their_order() -> None:
    """Of two changes of a zone the one submitted last is served last."""
    clock = Clock()
    published = Publications(clock.now)
    published.submit("C1", "Z", _zone("one."))
    clock.seconds += 1.0
    published.submit("C2", "Z", _zone("two."))

    clock.seconds += PROPAGATION_SECONDS - 1.0
    assert published.zones()["Z"].name == "one."
    clock.seconds += 1.0
    assert published.zones()["Z"].name == "two."


def test_a_deleted_zone_is_served_until_its_deletion_has_propagated() -> None:
    """It is gone then, and answers taken before are not changed."""
    clock = Clock()
    published = Publications(clock.now)
    published.submit("C1", "Z", _zone("one."))
    clock.seconds += PROPAGATION_SECONDS
    before = published.zones()
    published.submit("C2", "Z", None)
    clock.seconds += PROPAGATION_SECONDS

    assert "Z" not in published.zones()
    assert "Z" in before


def test_a_change_without_effect_on_dns_is_in_sync() -> None:
    """What was never submitted is waited for by nobody."""
    published = Publications(Clock().now)

    assert published.in_sync("C9")
    assert published.seconds_until_synced("C9") == 0.0
