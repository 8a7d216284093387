"""One build: which phases run, how they end, and what is left."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from emulator.clock import CloudClock
from emulator.codebuild.reporting import Reporter
from emulator.codebuild.reports import ReportStore
from emulator.codebuild.runner import BuildRun
from emulator.codebuild.state import (
    Build,
    BuildStatus,
    PhaseRecord,
    PhaseType,
    Project,
    Tenant,
)
from tests.polling import until

TENANT = Tenant("123456789012", "eu-west-1")


class Logs:
    """CloudWatch Logs that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def create_log_group(self, **_: Any) -> None:
        """Made."""

    def create_log_stream(self, **_: Any) -> None:
        """Made."""

    def put_log_events(self, *, logEvents: list[dict[str, Any]], **_: Any) -> None:  # noqa: N803 - boto3's name
        """Kept."""
        self.lines += [event["message"] for event in logEvents]


class Cloud:
    """What a build needs of its cloud, with clients that need none."""

    def __init__(self, directory: Path) -> None:
        self.clock = CloudClock()
        self.directory = directory
        self.logs = Logs()
        self.told: list[BuildStatus] = []
        self.reports = ReportStore(now=self.clock.now)

    def clients(self, _build: Build) -> "Cloud":
        """Itself."""
        return self

    def client(self, service: str) -> Any:
        """The log, or nothing."""
        return self.logs if service == "logs" else None

    def variables(self, _build: Build) -> dict[str, str]:
        """One."""
        return {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}

    def reporter(self, build: Build) -> Reporter:
        """One whose role may do everything."""
        return Reporter(build=build, store=self.reports, allows=lambda *_asked: True)

    def changed(self, build: Build) -> None:
        """Remembered."""
        self.told.append(build.status)


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    """A cloud whose builds are in a folder of the test."""
    return Cloud(tmp_path / "builds")


def _build(phases: dict[str, Any], **more: Any) -> Build:
    spec = json.dumps({"version": "0.2", "phases": phases, **more})
    settings = {
        "source": {"type": "NO_SOURCE", "buildspec": spec},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": {"environmentVariables": [{"name": "OF", "value": "project"}]},
        "serviceRole": "arn:aws:iam::123456789012:role/r",
    }
    project = Project(tenant=TENANT, name="p", request=settings, tags={}, created=0.0, modified=0.0)
    queued = PhaseRecord(phase=PhaseType.QUEUED, started=0.0)
    return Build(
        project=project, id="p:1", number=1, overrides={}, settings=settings, initiator="i",
        started=0.0, phases=(queued,),
    )  # fmt: skip


def _statuses(build: Build) -> dict[str, str]:
    return {str(p.phase): str(p.status) for p in build.phases if p.status is not None}


def test_a_build_leaves_its_exports_and_nothing_else(cloud: Cloud):
    """The project's variables win over the specification's; the folder is gone afterwards."""
    build = _build(
        {"build": {"commands": ['export SAID="$OF in $(basename "$CODEBUILD_SRC_DIR")"']}},
        env={"variables": {"OF": "spec"}, "exported-variables": ["SAID", "UNSET"]},
    )
    BuildRun(build, cloud).carry_out()
    assert build.status is BuildStatus.SUCCEEDED, cloud.logs.lines
    assert build.exported == {"SAID": "project in src"}
    assert list(cloud.directory.iterdir()) == []
    assert cloud.told == [BuildStatus.SUCCEEDED]
    assert build.phases[-1].phase is PhaseType.COMPLETED


def test_a_failed_install_ends_the_build_at_once(cloud: Cloud):
    """FINALIZING follows; `finally` of the phase runs before."""
    build = _build(
        {
            "install": {"commands": ["false"], "finally": ["echo tidied"]},
            "build": {"commands": ["echo never"]},
        }
    )
    BuildRun(build, cloud).carry_out()
    assert build.status is BuildStatus.FAILED
    assert list(_statuses(build)) == [
        "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL", "FINALIZING"
    ]  # fmt: skip
    assert "tidied" in cloud.logs.lines


def test_a_failed_build_phase_is_followed_by_post_build_unless_it_aborts(cloud: Cloud):
    """AWS's table; ABORT skips POST_BUILD."""
    build = _build({"build": {"commands": ["exit 2"]}, "post_build": {"commands": ["true"]}})
    BuildRun(build, cloud).carry_out()
    assert _statuses(build)["BUILD"] == "FAILED"
    assert _statuses(build)["POST_BUILD"] == "SUCCEEDED"
    assert build.status is BuildStatus.FAILED
    aborting = _build({"build": {"commands": ["exit 2"], "on-failure": "ABORT"}})
    BuildRun(aborting, cloud).carry_out()
    assert "POST_BUILD" not in _statuses(aborting)


def test_a_phase_may_fail_without_failing_the_build(cloud: Cloud):
    """CONTINUE: the phase is FAILED, the build is not."""
    build = _build(
        {"pre_build": {"commands": ["false"], "on-failure": "CONTINUE"},
         "build": {"commands": ["test $CODEBUILD_BUILD_SUCCEEDING = 1"]}},
    )  # fmt: skip
    BuildRun(build, cloud).carry_out()
    assert _statuses(build)["PRE_BUILD"] == "FAILED"
    assert build.status is BuildStatus.SUCCEEDED


@pytest.mark.parametrize("why", [BuildStatus.STOPPED, BuildStatus.TIMED_OUT])
def test_a_build_that_is_ended_says_why(cloud: Cloud, why: BuildStatus):
    """Its phase and itself have that status, a time-out also its code."""
    build = _build({"build": {"commands": ["echo started", "sleep 97531"]}})
    run = BuildRun(build, cloud)
    thread = threading.Thread(target=run.carry_out)
    thread.start()
    until(lambda: "started" in cloud.logs.lines, seconds=20, what="a build under way")
    run.end(why)
    thread.join(20)
    assert build.status is why
    assert _statuses(build)["BUILD"] == str(why)
    contexts = next(p.contexts for p in build.phases if p.phase is PhaseType.BUILD)
    expected = "BUILD_TIMED_OUT" if why is BuildStatus.TIMED_OUT else ""
    assert contexts[0][0] == expected


def test_pip_finds_what_is_installed_and_changes_only_the_build(cloud: Cloud):
    """Its Python and the scripts of the server's packages are below a folder of the build."""
    check = (
        "import sys, os, boto3; "
        "sys.exit(not sys.prefix.startswith(os.path.dirname(os.environ['HOME'])))"
    )
    script = 'head -1 "$(command -v cfn-lint)" | grep -q "$VIRTUAL_ENV"'
    build = _build({"build": {"commands": [f'python -c "{check}"', script]}})
    BuildRun(build, cloud).carry_out()
    assert build.status is BuildStatus.SUCCEEDED, cloud.logs.lines


def test_a_build_reads_what_jsii_unpacked_on_this_machine(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """Its HOME is its own; the unpacked libraries are where jsii has them, or where it is told."""
    told = {"build": {"commands": ['export SEEN="$JSII_RUNTIME_PACKAGE_CACHE_ROOT"']}}
    kept = {"exported-variables": ["SEEN"]}
    monkeypatch.delenv("JSII_RUNTIME_PACKAGE_CACHE_ROOT", raising=False)
    usual = _build(told, env=kept)
    BuildRun(usual, cloud).carry_out()
    assert usual.exported == {"SEEN": str(Path.home() / ".cache/aws/jsii/package-cache")}

    monkeypatch.setenv("JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(tmp_path / "elsewhere"))
    other = _build(told, env=kept)
    BuildRun(other, cloud).carry_out()
    assert other.exported == {"SEEN": str(tmp_path / "elsewhere")}
