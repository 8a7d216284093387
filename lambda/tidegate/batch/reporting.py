"""The end of a run: every record counted, what it cost, where everything is, who fed it."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from tidegate.batch import documents
from tidegate.batch.plan import BatchPlan
from tidegate.batch.planning import latest_round
from tidegate.batch.ports import BatchPorts, Job
from tidegate.batch.rounds import Round
from tidegate.batch.run import Finished, RunRecord, Status
from tidegate.batch.work import Work

_HOUR = 3_600


def report(work: Work, *, broken: str = "") -> RunRecord:
    """The record of the run at its end, with report and manifest beside its results.

    `broken` is why a task of it could not go on. Done again, it is the same but for the moment.
    """
    ports, plan, keys, record = work.ports, work.plan, work.keys, work.record
    if record.status.over:
        return record
    now = latest_round(ports, keys)
    jobs = _jobs(ports, now)
    record = _counted(work, now, usd=cost_of(plan, jobs))
    if broken:
        status, why = Status.BROKEN, broken
    elif now is None:
        status, why = _refused(work)
    else:
        status, why = _judged(plan, record, now)
    compared = documents.load(ports, keys.comparison)
    if compared is not None and not broken:
        status, why = Status.DONE, compared["reason"]
        record = replace(record, verdict=compared["verdict"])
    record = record.ended(status, at=ports.clock.now(), why=why)
    documents.save(ports, keys.manifest, manifest(work, record, now))
    documents.save(ports, keys.report, {**report_of(plan, record, jobs), "comparison": compared})
    ports.runs.save(record)
    if not broken:
        ports.news.tell(_finished(work, record))
    return record


def _finished(work: Work, record: RunRecord) -> Finished:
    plan, keys = work.plan, work.keys
    return Finished(
        project=plan.project,
        stage=plan.stage,
        model=plan.model,
        record=record,
        bucket=work.ports.bucket,
        results=keys.results,
        manifest=keys.manifest,
    )


def _jobs(ports: BatchPorts, now: Round | None) -> list[Job]:
    names = () if now is None else now.jobs
    found = [ports.jobs.describe(name) for name in names]
    return [job for job in found if job is not None]


def cost_of(plan: BatchPlan, jobs: Iterable[Job]) -> float | None:
    """An estimate in US dollars: the instances' hours at their price; None where it is not known.

    SageMaker bills instances from their start to their end, by the second; requests to S3, Lambda
    and Step Functions are not in it.
    """
    if plan.usd_per_hour is None:
        return None
    return sum(map(_seconds, jobs)) / _HOUR * plan.instances * plan.usd_per_hour


def _seconds(job: Job) -> float:
    if job.started_at is None or job.ended_at is None:
        return 0.0
    return job.ended_at - job.started_at


def _counted(work: Work, now: Round | None, *, usd: float | None) -> RunRecord:
    found = documents.load(work.ports, work.keys.input)
    objects = [] if found is None else found["objects"]
    return replace(
        work.record,
        usd=usd,
        objects=len(objects),
        records=sum(one["records"] for one in objects),
        out=0 if now is None else now.out,
        failed=0 if now is None else now.failed,
    )


def _refused(work: Work) -> tuple[Status, str]:
    faults = documents.load(work.ports, work.keys.faults)
    return Status.REFUSED, f"the input has {faults['count']:,} faults, and nothing was paid for"


def _judged(plan: BatchPlan, record: RunRecord, now: Round) -> tuple[Status, str]:
    if now.given_up:
        return Status.FAILED, now.given_up
    allowed = record.records * plan.failed_percent / 100
    failed = f"{record.failed:,} of {record.records:,} records failed and are kept apart"
    if record.failed > allowed:
        return Status.FAILED, f"{failed}, {plan.failed_percent:g} % are allowed"
    if record.open:
        return Status.FAILED, f"{record.open:,} records are accounted for nowhere"
    if record.out == 0:
        return Status.FAILED, f"{failed}: no record has a result"
    if record.failed:
        return Status.DONE, failed
    return Status.DONE, f"all {record.records:,} records have a result"


def manifest(work: Work, record: RunRecord, now: Round | None) -> dict[str, Any]:
    """Where every record is: in which part of the results, or among the failed ones."""
    ports, keys = work.ports, work.keys
    rounds = range(0 if now is None else now.number)
    parts = [part for n in rounds for part in documents.load(ports, keys.parts(n)) or ()]
    failed = [keys.failed(n) for n in rounds if ports.objects.head(ports.bucket, keys.failed(n))]
    return {
        "run": record.run,
        "version": {"digest": record.version, "label": record.label, "slot": record.slot},
        "input": record.input,
        "lineage": dict(record.lineage),
        "bucket": ports.bucket,
        "results": sorted(parts, key=lambda part: (part["source"], part["first"])),
        "failed": failed,
        "counts": {
            "records": record.records,
            "out": record.out,
            "failed": record.failed,
            "open": record.open,
        },
    }


def report_of(plan: BatchPlan, record: RunRecord, jobs: Iterable[Job]) -> dict[str, Any]:
    """The report in JSON types."""
    ended = record.started_at if record.ended_at is None else record.ended_at
    return {
        **record.to_json(),
        "open": record.open,
        "model": plan.model,
        "seconds": ended - record.started_at,
        "jobs": [
            {"name": job.name, "status": job.status, "seconds": _seconds(job), "said": job.reason}
            for job in jobs
        ],
        "instances": {"type": plan.instance_type, "count": plan.instances},
        "cost": {
            "usd": record.usd,
            "estimate": True,
            "said": plan.price_said,
        },
    }
