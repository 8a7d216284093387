"""Which cloud a command talks to."""

import json
import os
from pathlib import Path

import pytest

from cli.exits import CommandError, Exit
from cli.options import DEFAULT_PROJECT_FILE, On, place
from cli.target import STATE_DIRECTORY, choose, running_cloud
from emulator.clock import WALL, write_course
from emulator.server import STATE_FILE

HERE = "http://127.0.0.1:4566"
ACCOUNTS = ("000000000000", "222222222222")


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cloud runs here, and the shell says nothing of AWS."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)


def _clock(scale: float) -> str:
    """The file of a clock that runs so much faster."""
    file = Path("clock.json").resolve()
    write_course(file, WALL, scale=scale)
    return str(file)


def a_cloud_runs(*, pid: int | None = None) -> None:
    """The state of a cloud: this very process stands for its server."""
    STATE_DIRECTORY.mkdir()
    state = {
        "pid": os.getpid() if pid is None else pid,
        "endpoint_url": HERE,
        "region": "eu-west-1",
        "account": "000000000000",
        "administrators": {
            account: {"access_key": account, "secret_key": "s"} for account in ACCOUNTS
        },
        "clock": _clock(60.0),
        "dns_port": 5300,
        "low_port_offset": 8000,
        "certificate_authority": "authority.pem",
    }
    (STATE_DIRECTORY / STATE_FILE).write_text(json.dumps(state))


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cloud runs in this folder."""
    monkeypatch.setattr("emulator.server._is_server", lambda pid: pid == os.getpid())
    a_cloud_runs()


@pytest.fixture
def signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell has AWS credentials."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")


@pytest.mark.usefixtures("cloud")
def test_the_account_of_the_stage_is_taken():
    """With the keys of its administrator; without one, the cloud's own."""
    for account, wanted in ((None, ACCOUNTS[0]), (ACCOUNTS[1], ACCOUNTS[1])):
        target = choose(On.AUTO, region="eu-west-1", account=account)
        assert target.environment["AWS_ACCESS_KEY_ID"] == wanted


@pytest.mark.usefixtures("cloud")
def test_an_account_that_the_cloud_has_not_is_refused():
    """With those it has, and what to do."""
    with pytest.raises(CommandError, match=r"in account 333333333333, .* has 000000000000, 2.*up"):
        choose(On.AUTO, region="eu-west-1", account="333333333333")


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize("on", [On.AUTO, On.EMBEDDED])
def test_a_cloud_that_runs_here_is_taken(on: On):
    """It comes with its own credentials and clock."""
    target = choose(on, region="eu-west-1")
    assert (target.embedded, target.endpoint_url, target.clock.scale) == (True, HERE, 60.0)
    assert target.name == f"the embedded cloud at {HERE}"


@pytest.mark.usefixtures("cloud", "signed_in")
def test_a_cloud_here_wins_over_credentials_and_says_so(capsys: pytest.CaptureFixture[str]):
    """A forgotten AWS profile never sends a laptop's deploy to an account."""
    assert choose(On.AUTO, region="").embedded
    assert "--on aws" in capsys.readouterr().err


@pytest.mark.usefixtures("cloud", "signed_in")
def test_aws_is_taken_where_it_is_asked_for():
    """`--on aws` means AWS even while a cloud runs here."""
    target = choose(On.AWS, region="us-east-1")
    assert (target.embedded, target.endpoint_url, target.name) == (False, None, "AWS, us-east-1")


@pytest.mark.usefixtures("cloud", "signed_in")
def test_an_endpoint_of_the_shell_wins(monkeypatch: pytest.MonkeyPatch):
    """AWS_ENDPOINT_URL means what it means to every AWS tool."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9999")
    target = choose(On.AUTO, region="eu-west-1")
    assert (target.embedded, target.endpoint_url) == (False, "http://127.0.0.1:9999")


@pytest.mark.usefixtures("cloud", "signed_in")
def test_the_endpoint_of_the_cloud_here_is_the_cloud_here(monkeypatch: pytest.MonkeyPatch):
    """Whoever pasted the exports of `tidegate up` still gets the cloud's clock."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", HERE)
    target = choose(On.AUTO, region="eu-west-1")
    assert (target.embedded, target.clock.scale) == (True, 60.0)


@pytest.mark.usefixtures("signed_in")
def test_the_clock_of_a_cloud_elsewhere_is_in_its_exports(monkeypatch: pytest.MonkeyPatch):
    """In another folder the exports say how fast the cloud's clock runs."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9999")
    monkeypatch.setenv("EMBEDDED_CLOCK_FILE", _clock(30.0))
    assert choose(On.AUTO, region="eu-west-1").clock.scale == 30.0


@pytest.mark.usefixtures("cloud")
def test_another_region_is_refused_with_what_to_do():
    """A stage of another region cannot be deployed to this cloud."""
    with pytest.raises(CommandError, match="tidegate up --region us-east-1") as refused:
        choose(On.AUTO, region="us-east-1")
    assert refused.value.code is Exit.REFUSED


@pytest.mark.parametrize(("on", "told"), [(On.EMBEDDED, "tidegate up"), (On.AWS, "sign in")])
def test_no_cloud_says_how_to_get_one(on: On, told: str):
    """Nothing to talk to: exit code 7 and what to do."""
    with pytest.raises(CommandError, match=told) as refused:
        choose(on, region="eu-west-1")
    assert refused.value.code is Exit.UNREACHABLE


@pytest.mark.usefixtures("signed_in")
def test_a_region_must_come_from_somewhere():
    """Neither the stage nor the shell names a region: that is said."""
    with pytest.raises(CommandError, match="AWS_REGION"):
        choose(On.AWS, region="")


def test_the_state_of_a_dead_cloud_is_no_cloud():
    """A cloud that was killed leaves its file behind; it is not taken for running."""
    a_cloud_runs(pid=2**22 + 1)
    assert running_cloud() is None


@pytest.mark.parametrize("text", ["", "{", "{}", "[1]"])
def test_a_damaged_state_says_which_file_to_remove(text: str):
    """No traceback for a file that was cut short."""
    STATE_DIRECTORY.mkdir()
    (STATE_DIRECTORY / STATE_FILE).write_text(text)
    with pytest.raises(CommandError, match="remove it"):
        running_cloud()


@pytest.mark.usefixtures("cloud")
def test_a_place_is_made_of_project_stage_and_cloud():
    """The shared options resolve to the first stage and the cloud here."""
    DEFAULT_PROJECT_FILE.write_text("project: demo\nstages: {dev: {region: eu-west-1}}\n")
    found = place(project_file=DEFAULT_PROJECT_FILE, stage=None, on=On.AUTO)
    assert (found.project.name, found.stage, found.target.region) == ("demo", "dev", "eu-west-1")
