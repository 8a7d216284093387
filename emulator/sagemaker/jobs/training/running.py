"""Carries a training job out: data in, the program, the artifact out. It blocks."""

import json
import shutil
import tarfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator.archives import extract
from emulator.sagemaker.jobs import failures, metrics, paths, script
from emulator.sagemaker.jobs.inputs import Reader
from emulator.sagemaker.jobs.job import Job, Measured, Result
from emulator.sagemaker.jobs.kind import Progress
from emulator.sagemaker.jobs.outputs import Writer
from emulator.sagemaker.jobs.place import Site, resources, text_of
from emulator.sagemaker.jobs.requests import limit_seconds
from emulator.sagemaker.jobs.script import Controls, Ended, Ending, Lines, Program
from emulator.sagemaker.jobs.training import toolkit
from emulator.sagemaker.jobs.training.algorithms import (
    CUSTOMER,
    algorithm_command,
    algorithm_in,
    specification,
)
from emulator.sagemaker.jobs.training.checkpoints import Checkpoints
from emulator.sagemaker.jobs.training.describe import artifact_uri, output_prefix
from emulator.sagemaker.jobs.training.toolkit import NoProgramError, Setup
from emulator.sagemaker.names import Tenant

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
_FOLDERS = ("input/config", "input/data", "model", "output/data", "code")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRunner:
    """Runs training jobs at a site."""

    site: Site

    def run(self, tenant: Tenant, job: Job, progress: Progress, controls: Controls) -> Result:
        """The artifact is in S3, of a stopped job too, or JobFailedError says why not."""
        with self.site.folder(job) as home:
            work = _Work(site=self.site, tenant=tenant, job=job, progress=progress, home=home)
            return work.carry_out(controls)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """One job under way."""

    site: Site
    tenant: Tenant
    job: Job
    progress: Progress
    home: Path
    last: dict[str, Measured] = field(default_factory=dict)

    @property
    def base(self) -> Path:
        return self.home / "opt" / "ml"

    @property
    def algorithm(self) -> str | None:
        """The built-in algorithm that trains; None where the user's script does."""
        known = algorithm_in(self.job.request)
        return None if known is None else known.name

    def carry_out(self, controls: Controls) -> Result:
        log = self.site.log(self.tenant, LOG_GROUP, self.job)
        begun: float | None = None
        while True:
            setup, code = self._begin()
            if controls.stop.is_set():
                return Result(stopped=True)
            if begun is None:
                begun = time.monotonic()
                self.progress.working()
            self.progress.entering(
                "Training", "Training image download completed. Training in progress."
            )
            left = limit_seconds(self.job.request) - (time.monotonic() - begun)
            ended = self._run(setup, code, controls, log, left=left)
            self._keep_checkpoints(ended)
            if ended.ending is not Ending.INTERRUPTED:
                return self._over(setup, ended)
            controls.interrupt.clear()
            log(["Spot capacity was taken away: the job begins again with its checkpoints"])
            self.progress.entering("Interrupted", "Training job interrupted by spot capacity")
            shutil.rmtree(self.home / "opt")

    def _begin(self) -> tuple[Setup, Path]:
        """A fresh /opt/ml: data, checkpoints, and the folder with the program."""
        self.progress.entering("Downloading", "Downloading input data")
        reader = self.site.reader(self.tenant, self.job.role_arn)
        setup = self._prepared(reader)
        checkpoints = Checkpoints.of(self.job.request)
        if checkpoints is not None:
            checkpoints.give_back(reader, self.base)
        return setup, self._code(setup, reader)

    def _keep_checkpoints(self, ended: Ended) -> None:
        checkpoints = Checkpoints.of(self.job.request)
        if checkpoints is not None and ended.ending is not Ending.ABANDONED:
            checkpoints.keep(self._writer(), self.base)

    def _writer(self) -> Writer:
        key = self.job.request["OutputDataConfig"].get("KmsKeyId")
        return self.site.writer(self.tenant, self.job.role_arn, kms_key_id=key)

    def _over(self, setup: Setup, ended: Ended) -> Result:
        if ended.ending is Ending.ABANDONED:
            return Result(stopped=True)
        if ended.ending is Ending.ITSELF and ended.exit_code != 0:
            raise self._failed(setup, ended)
        return self._saved(ended.ending)

    def _prepared(self, reader: Reader) -> Setup:
        """/opt/ml is as SageMaker makes it, with the data of every channel."""
        request = self.job.request
        for folder in _FOLDERS:
            (self.base / folder).mkdir(parents=True)
        for channel in request.get("InputDataConfig", []):
            self._download(reader, channel)
        setup = Setup(
            base=self.base,
            hyperparameters=paths.told(request.get("HyperParameters", {}), self.base),
            channels={
                channel["ChannelName"]: _channel(channel)
                for channel in request.get("InputDataConfig", [])
            },
            resources=resources(request["ResourceConfig"]["InstanceType"]),
            environment=paths.told(request.get("Environment", {}), self.base),
        )
        files: Mapping[str, Any] = {
            "hyperparameters": setup.hyperparameters,
            "inputdataconfig": setup.channels,
            "resourceconfig": setup.resources,
        }
        for name, content in files.items():
            file = self.base / "input" / "config" / f"{name}.json"
            file.write_text(json.dumps(content), encoding="utf-8")
        return setup

    def _download(self, reader: Reader, channel: Mapping[str, Any]) -> None:
        folder = self.base / "input" / "data" / channel["ChannelName"]
        folder.mkdir()
        reader.copy(
            channel["DataSource"]["S3DataSource"],
            folder,
            compression=channel.get("CompressionType", "None"),
        )

    def _code(self, setup: Setup, reader: Reader) -> Path:
        """The folder with the program."""
        submitted = setup.submitted
        code = self.base / "code"
        if submitted is None or self.algorithm is not None:
            return code
        archive = self.home / "sourcedir.tar.gz"
        if submitted.startswith("s3://"):
            reader.fetch(submitted, archive)
        else:
            archive = Path(submitted.removeprefix("file://"))
            if archive.is_dir():
                return archive
        try:
            with tarfile.open(archive, mode="r:gz") as opened:
                extract(opened, code)
        except (tarfile.TarError, OSError, EOFError) as error:
            raise failures.client(f"{submitted} is no .tar.gz archive: {error}") from error
        return code

    def _run(
        self, setup: Setup, code: Path, controls: Controls, log: Lines, *, left: float
    ) -> Ended:
        argv, variables = self._program(setup, code)
        program = Program(
            argv=argv,
            environment={
                **self._surroundings(),
                "TRAINING_JOB_NAME": self.job.name,
                "TRAINING_JOB_ARN": self.job.arn,
                **variables,
                **setup.environment,
            },
            directory=code,
            limit_seconds=left,
            grace_seconds=self.site.grace_seconds,
        )
        if (code / "requirements.txt").is_file():
            log(["requirements.txt is not installed by the embedded cloud: no network is used"])
        known = metrics.definitions(specification(self.job.request))

        def lines(told: Sequence[str]) -> None:
            log(told)
            self._measure([*metrics.found(known, told)])

        return script.run(program, controls, lines)

    def _surroundings(self) -> dict[str, str]:
        """What every program finds; an isolated one has no credentials, as on AWS."""
        if self.job.request.get("EnableNetworkIsolation", False):
            return paths.surroundings(self.home)
        return self.site.environment(self.tenant, self.job.role_arn, self.home)

    def _program(self, setup: Setup, code: Path) -> tuple[list[str], dict[str, str]]:
        """What is run, and its own variables: an algorithm's program, or the user's script."""
        if self.algorithm is not None:
            return algorithm_command(self.algorithm), {"SAGEMAKER_BASE_DIR": str(self.base)}
        try:
            argv = ["python", str(code / setup.program), *toolkit.arguments(setup)]
        except NoProgramError as error:
            raise failures.algorithm(str(error), 1) from error
        command = paths.command(argv) if argv[1].endswith(".py") else ["/bin/sh", *argv[1:]]
        return command, {**toolkit.variables(setup, code), "PYTHONPATH": str(code)}

    def _measure(self, values: list[tuple[str, float]]) -> None:
        now = self.site.now()
        measured = [Measured(name=name, value=value, moment=now) for name, value in values]
        if measured:
            self.progress.measured(measured)

    def _failed(self, setup: Setup, ended: Ended) -> Exception:
        """The toolkit's own text: it replaces a failure file that the program left.

        An algorithm's reason is what it left itself.
        """
        if self.algorithm is not None:
            left = self.base / "output" / "failure"
            reason = text_of(left, limit=failures.LONGEST_REASON)
            if ended.exit_code == CUSTOMER:
                return failures.client(reason)
            return failures.algorithm(reason, ended.exit_code)
        told = toolkit.failure(setup, exit_code=ended.exit_code, last_lines=ended.last_lines)
        (self.base / "output" / "failure").write_text(told, encoding="utf-8")
        return failures.algorithm(told, ended.exit_code)

    def _saved(self, ending: Ending) -> Result:
        request = self.job.request
        self.progress.entering("Uploading", "Uploading generated training model")
        writer = self._writer()
        uri = artifact_uri(self.job.name, request)
        scratch = self.home / "packed"
        writer.pack(self.base / "model", uri, scratch=scratch)
        data = self.base / "output" / "data"
        if any(data.iterdir()):
            prefix = output_prefix(self.job.name, request)
            writer.pack(data, f"{prefix}/output.tar.gz", scratch=scratch)
        return Result(
            artifact=uri,
            timed_out=ending is Ending.TIMED_OUT,
            stopped=ending is Ending.STOPPED,
        )


def _channel(channel: Mapping[str, Any]) -> dict[str, Any]:
    """A channel in `inputdataconfig.json`."""
    source = channel["DataSource"]["S3DataSource"]
    known = {
        "ContentType": channel.get("ContentType"),
        "TrainingInputMode": channel.get("InputMode", "File"),
        "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
        "RecordWrapperType": channel.get("RecordWrapperType", "None"),
    }
    return {name: value for name, value in known.items() if value is not None}
