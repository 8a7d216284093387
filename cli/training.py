"""What trains a deployed model, found by the outputs of its training stack."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.deployed import find_optional, price_in, stack_outputs
from cli.exits import CommandError, Exit
from cli.options import Place
from emulator.ai import control
from emulator.runtime import Credentials
from tidegate.errors import NotFoundError
from tidegate.training.run import RunView
from tidegate_aws.packages import Registry
from tidegate_aws.training_runs import TrainingRuns

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPrice:
    """What an instance of a job costs an hour, None where that is not known; who said so, when."""

    usd_per_hour: float | None
    said: str

    def usd(self, run: RunView) -> float | None:
        """What the jobs of a run cost so far, each of one instance."""
        return None if self.usd_per_hour is None else run.job_seconds / 3600 * self.usd_per_hour

    def to_json(self, run: RunView) -> dict[str, Any]:
        """The cost of a run in JSON types."""
        return {"usd": self.usd(run), "estimate": True, "said": self.said}


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """The runs and the registry of one model."""

    where: Place
    model: str
    bucket: str
    runs: TrainingRuns
    registry: Registry
    price: JobPrice

    def run(self, wanted: str | None) -> RunView:
        """The run of that id or ARN, the newest one without; CommandError if there is none."""
        arns = self.runs.arns()
        if wanted is None:
            if not arns:
                raise CommandError(
                    f"{self.model} has not been trained yet: 'tidegate train run {self.model}'",
                    code=Exit.REFUSED,
                )
            return self.runs.view(arns[0])
        found = [arn for arn in arns if wanted in (arn, arn.rpartition("/")[2])]
        try:
            return self.runs.view(found[0] if found else wanted)
        except NotFoundError as error:
            known = ", ".join(arn.rpartition("/")[2] for arn in arns) or "none"
            raise CommandError(f"{error}; known: {known}", code=Exit.USAGE) from error

    def package(self, version: int | None) -> str:
        """The ARN of the version of that number, the newest one without."""
        arns = self.registry.arns()
        wanted = [arn for arn in arns if version is None or arn.endswith(f"/{version}")]
        if not wanted:
            known = ", ".join(arn.rpartition("/")[2] for arn in arns) or "none"
            what = "a registered version" if version is None else f"version {version}"
            raise CommandError(
                f"{self.model} has no {what}; registered: {known}", code=Exit.REFUSED
            )
        return wanted[0]

    def live_artifact(self) -> str | None:
        """Where the artifact of the live version is; None before the first deploy."""
        deployed = find_optional(
            self.where.reading, project=self.where.project.name, stage=self.where.stage
        )
        pointer = None if deployed is None else deployed.store.pointer(self.model)
        return None if pointer is None else pointer.version.artifact_uri

    def interrupt(self, run: RunView) -> tuple[str, ...]:
        """The training jobs of the run that lost their spot capacity; CommandError if none did.

        AWS takes capacity away by itself, and lets nobody ask for it.
        """
        target = self.where.target
        if not target.embedded:
            raise CommandError(
                "spot capacity is taken away by AWS alone: this is a drill of embedded clouds",
                code=Exit.REFUSED,
            )
        names = self.runs.training_jobs(run.arn)
        if not names:
            raise CommandError(f"run {run.id} trains nothing now", code=Exit.REFUSED)
        keys: Any = target.session.get_credentials()
        frozen = keys.get_frozen_credentials()
        signing = Credentials(
            access_key=frozen.access_key,
            secret_key=frozen.secret_key,
            session_token=frozen.token,
        )
        for name in names:
            url = f"{target.endpoint_url}{control.SPOT_PATH}{name}"
            try:
                control.put_interruption(url, signing, target.region)
            except control.FaultControlError as error:
                raise CommandError(str(error), code=Exit.REFUSED) from error
        return names

    def upload(self, folder: Path) -> str:
        """The folder's files are in the bucket, under a prefix that follows from their content."""
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        if not files:
            raise CommandError(f"{folder} has no files: name a folder with data", code=Exit.USAGE)
        prefix = f"data/{_digest(folder, files)}"
        client: Any = self.where.target.client("s3")
        for file in files:
            name = file.relative_to(folder).as_posix()
            client.upload_file(str(file), self.bucket, f"{prefix}/{name}")
        return f"s3://{self.bucket}/{prefix}/"


def training_of(where: Place, model: str) -> Training:
    """What trains the model; CommandError when nothing does."""
    stack = f"{where.project.name}-{where.stage}-training-{model}"
    outputs = stack_outputs(where.reading, stack)
    if not outputs:
        raise CommandError(
            f"{stack} is not deployed on {where.target.name}: give the model a section 'training' "
            "in the project file and run 'tidegate deploy'",
            code=Exit.REFUSED,
        )
    sagemaker: Any = where.target.client("sagemaker")
    bucket = outputs["BucketName"]
    return Training(
        where=where,
        model=model,
        bucket=bucket,
        runs=TrainingRuns(
            client=sagemaker,
            s3=where.target.client("s3"),
            pipeline=outputs["PipelineName"],
            bucket=bucket,
        ),
        registry=Registry(client=sagemaker, group=outputs["PackageGroupName"]),
        price=_price(outputs),
    )


def _price(outputs: Mapping[str, str]) -> JobPrice:
    older = "the stack is of an older version, which did not say the price: 'tidegate deploy'"
    return JobPrice(
        usd_per_hour=price_in(outputs, "JobUsdPerHour"), said=outputs.get("JobPriceSaid", older)
    )


def approved_packages(where: Place) -> dict[str, Any]:
    """The newest approved package of each model that is trained in the stage, in JSON types."""
    found = dict(_approved(where))
    return {model: found[model] for model in sorted(found)}


def _approved(where: Place) -> Iterator[tuple[str, dict[str, Any]]]:
    for model in where.project.trained:
        stack = f"{where.project.name}-{where.stage}-training-{model}"
        outputs = stack_outputs(where.reading, stack)
        if outputs:
            client: Any = where.reading.client("sagemaker")
            registry = Registry(client=client, group=outputs["PackageGroupName"])
            package = registry.newest_approved()
            if package is not None:
                yield model, package.to_json()


def _digest(folder: Path, files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(folder).as_posix()}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as content:
            while chunk := content.read(_CHUNK):
                digest.update(chunk)
    return digest.hexdigest()[:16]
