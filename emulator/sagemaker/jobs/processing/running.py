"""Carries a processing job out: inputs in, the program, outputs out. It blocks."""

import json
from dataclasses import dataclass
from pathlib import Path

from emulator.sagemaker.jobs import failures, paths, script
from emulator.sagemaker.jobs.inputs import Reader
from emulator.sagemaker.jobs.job import Job, Result
from emulator.sagemaker.jobs.kind import Progress
from emulator.sagemaker.jobs.place import Site, resources, text_of
from emulator.sagemaker.jobs.processing.recipe import outputs
from emulator.sagemaker.jobs.requests import limit_seconds
from emulator.sagemaker.jobs.script import Controls, Ended, Ending, Program
from emulator.sagemaker.names import Tenant

LOG_GROUP = "/aws/sagemaker/ProcessingJobs"
_MESSAGE_BYTES = 1024


class FailedProcessingError(failures.JobFailedError):
    """The program failed; what it left as its message is told too."""

    def __init__(self, failure: failures.JobFailedError, message: str) -> None:
        super().__init__(str(failure), failure.lines)
        self.exit_message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessingRunner:
    """Runs processing jobs at a site."""

    site: Site

    def run(self, tenant: Tenant, job: Job, progress: Progress, controls: Controls) -> Result:
        """The outputs are in S3 (of a program that ended by itself), or an error says why not."""
        with self.site.folder(job) as home:
            base = home / "opt" / "ml"
            reader = self.site.reader(tenant, job.role_arn)
            _prepare(job, base, reader)
            if controls.stop.is_set():
                return Result(stopped=True)
            progress.working()
            ended = self._run(tenant, job, home, controls)
            message = text_of(base / "output" / "message", limit=_MESSAGE_BYTES)
            if ended.ending is not Ending.ITSELF:
                timed_out = ended.ending is Ending.TIMED_OUT
                return Result(exit_message=message, timed_out=timed_out, stopped=not timed_out)
            if ended.exit_code != 0:
                failure = failures.algorithm(message, ended.exit_code)
                raise FailedProcessingError(failure, message)
            self._upload(tenant, job, base)
            return Result(exit_message=message)

    def _run(self, tenant: Tenant, job: Job, home: Path, controls: Controls) -> Ended:
        base, application = home / "opt" / "ml", job.request["AppSpecification"]
        argv = [*application["ContainerEntrypoint"], *application.get("ContainerArguments", [])]
        program = Program(
            argv=paths.command(paths.told(argv, base)),
            environment={
                **self.site.environment(tenant, job.role_arn, home),
                "PROCESSING_JOB_NAME": job.name,
                **paths.told(job.request.get("Environment", {}), base),
            },
            directory=home,
            limit_seconds=limit_seconds(job.request),
            grace_seconds=self.site.grace_seconds,
        )
        log = self.site.log(tenant, LOG_GROUP, job)
        try:
            return script.run(program, controls, log)
        except (FileNotFoundError, PermissionError) as error:
            raise failures.client(f"the container can't start {argv[0]}: {error}") from error

    def _upload(self, tenant: Tenant, job: Job, base: Path) -> None:
        key = job.request.get("ProcessingOutputConfig", {}).get("KmsKeyId")
        writer = self.site.writer(tenant, job.role_arn, kms_key_id=key)
        for each in outputs(job.request):
            given = each["S3Output"]
            writer.tree(paths.local(given["LocalPath"], base), given["S3Uri"])


def _prepare(job: Job, base: Path, reader: Reader) -> None:
    """/opt/ml is as SageMaker makes it, with the data of every input."""
    for each in job.request.get("ProcessingInputs", []):
        given = each["S3Input"]
        folder = paths.local(given["LocalPath"], base)
        folder.mkdir(parents=True, exist_ok=True)
        reader.copy(given, folder, compression=given.get("S3CompressionType", "None"))
    for each in outputs(job.request):
        folder = paths.local(each["S3Output"]["LocalPath"], base)
        folder.mkdir(parents=True, exist_ok=True)
    config = base / "config"
    config.mkdir()
    (base / "output").mkdir(exist_ok=True)
    cluster = job.request["ProcessingResources"]["ClusterConfig"]
    files = {
        "processingjobconfig": {"ProcessingJobArn": job.arn, **job.request},
        "resourceconfig": resources(cluster.get("InstanceType")),
    }
    for name, content in files.items():
        text = json.dumps(paths.told(content, base))
        (config / f"{name}.json").write_text(text, encoding="utf-8")
