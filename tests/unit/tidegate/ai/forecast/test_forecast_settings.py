"""What settings of a forecast must say, and what is made of them on AWS."""

from dataclasses import replace

from tests.ai_fakes import PLACE
from tidegate.ai.forecast.resources import names, resources_of
from tidegate.ai.forecast.settings import ForecastSettings, faults, shares

WORK = "0123456789abcdef0123456789abcdef"


def test_names_of_jobs_are_short_enough_whatever_the_project_is_called() -> None:
    """An AutoML job's has 32 characters at most."""
    long = replace(PLACE, project="p" * 40, service="s" * 40)
    assert len(f"{names(long)}-{WORK[:16]}-999") <= 32
    assert names(long) != names(PLACE)


def test_the_closed_engine_says_so_in_its_template() -> None:
    """With date and replacement, and with a name that follows from what cannot be changed."""
    daily = resources_of(ForecastSettings(engine="forecast"), PLACE).templates
    rows = daily["Sales"]["Metadata"]["tidegate"]["acknowledged"]
    assert [row["rule"] for row in rows] == ["closed-service", "W3697"]
    (reason,) = {row["reason"] for row in rows}
    assert "2024-07-29" in reason
    assert "AutoML" in reason
    monthly = resources_of(ForecastSettings(engine="forecast", frequency="M"), PLACE).templates
    named = [found["Sales"]["Properties"]["DatasetName"] for found in (daily, monthly)]
    assert named[0] != named[1]


def test_what_settings_must_say() -> None:
    """Quantiles once, columns apart."""
    assert faults(ForecastSettings()) == ()
    assert shares(ForecastSettings(quantiles=("p5", "p50"))) == ("0.05", "0.5")
    wrong = ForecastSettings(quantiles=("p10", "p10"), item="a", time="a")
    assert len(faults(wrong)) == 2
