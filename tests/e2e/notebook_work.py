"""A notebook instance at work: its start script in a sandbox, its starter notebook, its idle stop.

The scripts are those of the deployed lifecycle configuration, under the instance's role. `aws`,
`systemd-run` and the home of AWS's image are stood in for; nothing else is.
"""

import base64
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.server import EmbeddedCloud
from tests.e2e.roles import StoryFailedError
from tests.e2e.world import wait_for

_AWS = f"""#!{sys.executable}
import sys, boto3
_, service, verb, _, source, target = sys.argv
assert (service, verb) == ("s3", "cp"), sys.argv
bucket, _, key = source.removeprefix("s3://").partition("/")
boto3.client("s3").download_file(bucket, key, target)
"""
_TIMER = """#!/bin/bash
printf '%s\\n' "$@" > "$TIMER_FILE"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtWork:
    """An instance of the embedded cloud, and the folder that stands for its machine."""

    cloud: EmbeddedCloud
    instance: str
    folder: Path

    @property
    def client(self) -> Any:
        """An administrator's client."""
        return self.cloud.session().client("sagemaker")

    @property
    def home(self) -> Path:
        """What is /home/ec2-user/SageMaker on AWS."""
        return self.folder / "home"

    @property
    def starter(self) -> Path:
        """The folder of the starter notebook."""
        return self.home / "tidegate"

    def describe(self) -> dict[str, Any]:
        """How it stands."""
        told: dict[str, Any] = self.client.describe_notebook_instance(
            NotebookInstanceName=self.instance
        )
        return told

    def settled(self) -> str:
        """The status that it stays in."""
        ends = {"InService", "Stopped", "Failed"}

        def status() -> str | None:
            found = str(self.describe()["NotebookInstanceStatus"])
            return found if found in ends else None

        return str(wait_for(status, seconds=90, what=f"what is under way of {self.instance}"))

    def run_start_script(self) -> list[str]:
        """The script runs as at a start; what it gave to the timer."""
        name = self.describe()["NotebookInstanceLifecycleConfigName"]
        told = self.client.describe_notebook_instance_lifecycle_config(
            NotebookInstanceLifecycleConfigName=name
        )
        script = base64.b64decode(told["OnStart"][0]["Content"])
        timer = self.folder / "timer.txt"
        self._run(["bash", "-c", script.decode()], {"TIMER_FILE": str(timer)})
        return timer.read_text().splitlines()

    def run_starter(self) -> dict[str, Any]:
        """The starter notebook runs without a browser; it, with what its cells gave."""
        out = self.folder / "executed.ipynb"
        code = (
            "import sys, nbformat, nbclient\n"
            "notebook = nbformat.read('starter.ipynb', as_version=4)\n"
            "nbclient.NotebookClient(notebook, timeout=120, kernel_name='python3').execute()\n"
            "nbformat.write(notebook, sys.argv[1])\n"
        )
        self._run([sys.executable, "-c", code, str(out)], {}, directory=self.starter)
        executed: dict[str, Any] = json.loads(out.read_text())
        return executed

    def look_for_idleness(self, timer: list[str], *, idle_seconds: float) -> str:
        """What the timer runs each five minutes, with another limit; what it said."""
        url = self.client.create_presigned_notebook_instance_url(
            NotebookInstanceName=self.instance
        )["AuthorizedUrl"]
        server, _, token = url.partition("/?token=")
        metadata = self.folder / "resource-metadata.json"
        metadata.write_text(json.dumps({"ResourceName": self.instance}))
        begin = next(place for place, word in enumerate(timer) if word.endswith("python"))
        command = [*timer[begin:-1], str(idle_seconds)]
        command += ["--server", server, "--metadata", str(metadata)]
        return self._run(command, {"JUPYTER_TOKEN": token})

    def _run(
        self, command: list[str], more: dict[str, str], *, directory: Path | None = None
    ) -> str:
        """The output; StoryFailedError if the program fails."""
        self.home.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            command,
            env=self._environment() | more,
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        if done.returncode != 0:
            raise StoryFailedError(done.stderr[-2000:])
        return done.stdout

    def _environment(self) -> dict[str, str]:
        tools = self.folder / "bin"
        tools.mkdir(parents=True, exist_ok=True)
        for name, text in (("aws", _AWS), ("systemd-run", _TIMER)):
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)
        given = self._session_of_the_role()
        return {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "NOTEBOOK_HOME": str(self.home),
            "NOTEBOOK_TOOLS": str(self.folder / "opt"),
            "NOTEBOOK_USER": str(os.geteuid()),
            "NOTEBOOK_PYTHON": sys.executable,
            "AWS_ENDPOINT_URL": self.cloud.endpoint_url,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
        }

    def _session_of_the_role(self) -> dict[str, str]:
        """What SageMaker gives the instance; the story is let in for that moment."""
        session, role = self.cloud.session(), str(self.describe()["RoleArn"])
        iam, name = session.client("iam"), role.rpartition("/")[2]
        before = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        ours = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        opened = json.dumps({"Version": "2012-10-17", "Statement": [ours]})
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=opened)
        try:
            told = session.client("sts").assume_role(RoleArn=role, RoleSessionName="notebook")
        finally:
            iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(before))
        return {key: str(value) for key, value in told["Credentials"].items()}
