import io
import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from emulator import processes
from emulator.server import CloudError, EmbeddedCloud, Settings


@pytest.fixture(scope="module")
def cloud():
    """One embedded cloud for the module."""
    with EmbeddedCloud.start() as running:
        yield running


def test_says_how_long_it_took_to_start(cloud: EmbeddedCloud):
    """A cloud knows after how many seconds it answered first."""
    assert cloud.start_seconds > 0


def test_administrator_may_call(cloud: EmbeddedCloud):
    """The session handed out is the account's administrator."""
    identity = cloud.session().client("sts").get_caller_identity()

    assert identity["Arn"] == "arn:aws:iam::000000000000:user/administrator"


@pytest.mark.parametrize("key", ["test", "000000000000", "AKIAUNKNOWNUNKNOWN00"])
def test_no_key_passes_unsigned(cloud: EmbeddedCloud, key: str):
    """Keys that ministack would take for root are refused like any unknown key."""
    intruder = cloud.session().client("iam", aws_access_key_id=key, aws_secret_access_key="test")

    with pytest.raises(ClientError) as refused:
        intruder.list_users()

    assert refused.value.response["Error"]["Code"] == "InvalidClientTokenId"


def test_wrong_secret_is_refused(cloud: EmbeddedCloud):
    """The signature is checked, not only the key's name."""
    key = cloud.credentials().access_key
    forged = cloud.session().client("iam", aws_access_key_id=key, aws_secret_access_key="wrong" * 8)

    with pytest.raises(ClientError) as refused:
        forged.list_users()

    assert refused.value.response["Error"]["Code"] == "SignatureDoesNotMatch"


def test_listens_on_loopback_only(cloud: EmbeddedCloud):
    """Every listening socket of the server is on 127.0.0.1."""
    addresses = _listening_addresses(cloud.pid)

    assert addresses == {"0100007F"}


def test_environment_reaches_the_cloud_from_a_child(cloud: EmbeddedCloud):
    """A child process with `environment()` calls this cloud without further settings."""
    code = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    environment = {"PATH": os.environ["PATH"], **cloud.environment()}

    out = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    )

    assert out.stdout.strip().endswith("user/administrator")


def test_dies_with_its_parent():
    """The server does not survive `kill -9` of the process that started it."""
    code = (
        "import sys, time; from emulator.server import EmbeddedCloud;"
        "cloud = EmbeddedCloud.start(); print(cloud.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)

        gone = processes.wait_until(lambda: not processes.is_running(pid), timeout_seconds=5)

    assert gone


def test_nothing_survives_a_killed_server():
    """`kill -9` of the server ends Lambda's zygote and workers too."""
    with EmbeddedCloud.start() as cloud:
        session = cloud.session()
        trust = (
            '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
            '"Principal":{"Service":"lambda.amazonaws.com"}}]}'
        )
        iam = session.client("iam")
        role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as writer:
            writer.writestr(
                "m.py", "import os\ndef handle(e, c): return [os.getpid(), os.getppid()]"
            )
        client = session.client("lambda")
        client.create_function(
            FunctionName="f",
            Role=role,
            Runtime="python3.12",
            Handler="m.handle",
            Code={"ZipFile": archive.getvalue()},
        )
        pids = json.loads(client.invoke(FunctionName="f")["Payload"].read())

        os.kill(cloud.pid, signal.SIGKILL)

        assert processes.wait_until(
            lambda: not any(map(processes.is_running, pids)), timeout_seconds=5
        )


def test_detached_cloud_is_found_and_stopped(tmp_path: Path):
    """A detached cloud is attached to by its state directory and ends by `stop_detached`."""
    started = EmbeddedCloud.start_detached(Settings(state_directory=tmp_path))
    try:
        attached = EmbeddedCloud.attach(tmp_path)

        assert attached.session().client("sts").get_caller_identity()["Account"] == started.account
    finally:
        stopped = EmbeddedCloud.stop_detached(tmp_path)
    assert stopped
    assert not processes.is_running(started.pid)


def test_second_detached_start_is_refused(tmp_path: Path):
    """Two clouds never share a state directory."""
    EmbeddedCloud.start_detached(Settings(state_directory=tmp_path))
    try:
        with pytest.raises(CloudError, match="already runs"):
            EmbeddedCloud.start_detached(Settings(state_directory=tmp_path))
    finally:
        EmbeddedCloud.stop_detached(tmp_path)


def test_stale_state_file_is_no_cloud(tmp_path: Path):
    """A state file whose process is gone counts as no cloud."""
    EmbeddedCloud.start_detached(Settings(state_directory=tmp_path))
    record = (tmp_path / "cloud.json").read_text()
    EmbeddedCloud.stop_detached(tmp_path)
    (tmp_path / "cloud.json").write_text(record)

    with pytest.raises(CloudError, match="no embedded cloud runs"):
        EmbeddedCloud.attach(tmp_path)


def test_taken_port_is_told(cloud: EmbeddedCloud):
    """Starting on a port in use fails with the port named."""
    port = int(cloud.endpoint_url.rpartition(":")[2])

    with pytest.raises(CloudError, match=str(port)):
        EmbeddedCloud.start(Settings(port=port))


def test_all_setting_faults_are_told_at_once():
    """Wrong settings are refused together, each with its value."""
    with pytest.raises(ValueError, match=r"0\.5.*loud") as refused:
        Settings(time_scale=0.5, log_level="loud", account="1", other_accounts=("2", "2"))

    assert "12 digits, got '1', '2', '2'; an account can be named once, got 2 twice" in str(
        refused.value
    )


def _listening_addresses(pid: int) -> set[str]:
    inodes = {
        link.readlink().name.removeprefix("socket:[").removesuffix("]")
        for link in Path(f"/proc/{pid}/fd").iterdir()
        if str(link.readlink()).startswith("socket:[")
    }
    addresses = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                addresses.add(fields[1].partition(":")[0])
    return addresses
