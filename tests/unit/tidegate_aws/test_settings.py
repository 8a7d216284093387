"""Settings of a process."""

import pytest

from tidegate_aws.settings import SettingsError, Variable, read


def test_all_missing_variables_are_named_at_once():
    """One start shows everything that is to be mended."""
    needed = [Variable.RELEASE_TABLE, Variable.OBSERVATION_TABLE, Variable.PROJECT]
    with pytest.raises(SettingsError, match="missing: OBSERVATION_TABLE, RELEASE_TABLE;"):
        read(needed, environment={"PROJECT": "demo"})


def test_an_empty_variable_is_missing():
    """CloudFormation passes an empty text where a value was forgotten."""
    with pytest.raises(SettingsError, match="RELEASE_TABLE"):
        read([Variable.RELEASE_TABLE], environment={"RELEASE_TABLE": ""})


def test_a_variable_that_was_not_asked_for_is_missed_when_used():
    """A function that forgets to declare a need fails by name, not by KeyError."""
    settings = read(environment={})
    with pytest.raises(SettingsError, match="STAGE"):
        settings[Variable.STAGE]


def test_bus_and_namespace_have_defaults():
    """Those of the release stack."""
    settings = read(environment={})
    assert (settings.event_bus_name, settings.metric_namespace) == ("default", "Tidegate")


def test_the_wall_clock_is_the_default():
    """On AWS nothing sets the embedded cloud's clock."""
    assert read(environment={}).clock_file is None


def test_the_embedded_cloud_says_where_its_clock_is():
    """In a file, since its time does not always run at one rate."""
    assert read(environment={"EMBEDDED_CLOCK_FILE": "/c.json"}).clock_file == "/c.json"
