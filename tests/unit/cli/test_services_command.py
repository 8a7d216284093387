"""`tidegate services`: the table on the terminal, for programs, and as a page."""

import json

from typer.testing import CliRunner

from cli.main import app
from cli.service_words import PAGE, page


def test_the_table_says_what_to_take_instead():
    """Each service with how it stands; no cloud is asked."""
    told = CliRunner().invoke(app, ["services"])
    assert told.exit_code == 0
    (line,) = [line for line in told.stdout.splitlines() if line.startswith("Kendra")]
    assert "closed to new customers" in line
    assert "a Bedrock knowledge base" in line


def test_closed_ones_alone_for_programs():
    """With their types, clients and sources."""
    told = CliRunner().invoke(app, ["services", "--closed", "--json"])
    found = {one["name"]: one for one in json.loads(told.stdout)["services"]}
    assert "Polly" not in found
    assert found["Forecast"]["clients"] == ["forecast", "forecastquery"]
    assert found["Forecast"]["since_as_remembered"] is True


def test_the_page_is_current():
    """`python -m cli.service_words` writes it."""
    assert PAGE.read_text(encoding="utf-8") == page()
