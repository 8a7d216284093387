"""What devices fail without saying so is counted from the roster, by rules."""

from dataclasses import replace

from tidegate.edge.roster import SILENT_INTERVALS, Heard, Standing, unserved

NOW, RELEASE = 1_000, "r-1"
HEARD = Heard(thing="press-1", component_version="1.0.1", interval=NOW, requests=20)


def standing(device: Heard) -> Standing | None:
    """How the device stands in the present interval."""
    found = unserved([device], interval=NOW, release_id=RELEASE)
    return found[0].standing if found else None


def test_a_device_that_reports_fails_nothing_more() -> None:
    """What it fails it says itself."""
    assert standing(HEARD) is None


def test_a_device_on_which_a_version_failed_fails_what_it_last_served() -> None:
    """Until it reports that version, and in that release only."""
    failed = replace(HEARD, failed_version="1.0.2", failed_in=RELEASE)
    (found,) = unserved([failed], interval=NOW, release_id=RELEASE)
    assert (found.component_version, found.requests) == ("1.0.2", 20)
    assert standing(replace(failed, requests=0)) is Standing.FAILED
    assert standing(replace(failed, component_version="1.0.2")) is None
    assert unserved([failed], interval=NOW, release_id="r-2") == ()


def test_a_connected_device_that_is_silent_hangs() -> None:
    """After some intervals: IoT takes its time to see that one is gone."""
    silent = replace(HEARD, interval=NOW - SILENT_INTERVALS)
    assert standing(silent) is Standing.SILENT
    assert standing(replace(silent, interval=silent.interval + 1)) is None


def test_a_device_that_is_offline_fails_nothing() -> None:
    """Whatever else is known of it."""
    gone = replace(
        HEARD, interval=NOW - 50, connected=False, failed_version="1.0.2", failed_in=RELEASE
    )
    assert standing(gone) is None


def test_a_device_that_never_reported_is_unknown() -> None:
    """Only its failures are."""
    assert standing(Heard(thing="press-1")) is None
    assert standing(Heard(thing="p", failed_version="1.0.2", failed_in=RELEASE)) is Standing.FAILED
