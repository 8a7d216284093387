"""Checks of the account itself: who asks, bootstrap, quotas, services."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli.preflight.needs import Needs
from cli.preflight.result import Outcome, Result
from cli.target import Target
from gate.check import own_findings

BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"
_LEAST_CONCURRENCY = 100
"""Below this, functions of one account begin to wait for each other; new accounts have 10."""

_OFFLINE = ("closed-service", "type-in-region", "image-region", "image-account")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An account that is asked, and what the stage needs of it."""

    target: Target
    needs: Needs


Check = Callable[[Asked], Iterator[Result]]


def told(error: Exception) -> str:
    """An error of AWS in a line."""
    if isinstance(error, ClientError):
        return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
    return str(error)


def credentials(asked: Asked) -> Iterator[Result]:
    """The account that answers is the one that the stage names."""
    why = "every deploy is made as somebody, in one account"
    try:
        who = asked.target.client("sts").get_caller_identity()
    except (ClientError, BotoCoreError) as error:
        yield Result(
            check="credentials",
            about="AWS",
            outcome=Outcome.FAILED,
            said=told(error),
            why=why,
            advice="sign in to AWS again",
        )
        return
    account, wanted = str(who["Account"]), asked.needs.account
    right = wanted in {None, account}
    yield Result(
        check="credentials",
        about=str(who["Arn"]),
        outcome=Outcome.OK if right else Outcome.FAILED,
        said=f"account {account}" if right else f"account {account}, the stage is in {wanted}",
        why=why,
        advice="" if right else f"sign in to {wanted}, or change the stage's account",
    )


def bootstrap(asked: Asked) -> Iterator[Result]:
    """CDK's bootstrap stack is there, and not too old."""
    wanted = asked.needs.bootstrap_version
    why = "CDK deploys by roles and a bucket that its bootstrap stack makes once a region"
    about = f"CDKToolkit in {asked.target.region}"
    place = f"aws://ACCOUNT/{asked.target.region}"
    try:
        parameter = asked.target.client("ssm").get_parameter(Name=BOOTSTRAP)["Parameter"]
        version = int(parameter["Value"])
    except (ClientError, BotoCoreError) as error:
        if isinstance(error, ClientError) and "NotFound" in error.response["Error"]["Code"]:
            yield _no_bootstrap(asked, about=about, why=why, place=place)
        else:
            yield unknown("bootstrap", about, error, "ssm:GetParameter", why=why)
        return
    enough = version >= wanted
    yield Result(
        check="bootstrap",
        about=about,
        outcome=Outcome.OK if enough else Outcome.FAILED,
        said=f"version {version}, the stage needs {wanted}",
        why=why,
        advice="" if enough else f"run 'cdk bootstrap {place}'",
    )


def _no_bootstrap(asked: Asked, *, about: str, why: str, place: str) -> Result:
    if asked.target.embedded:
        said = "not there yet: 'tidegate deploy' makes what it needs on the embedded cloud"
        return Result(check="bootstrap", about=about, outcome=Outcome.OK, said=said, why=why)
    return Result(
        check="bootstrap",
        about=about,
        outcome=Outcome.FAILED,
        said="not there",
        why=why,
        advice=f"run 'cdk bootstrap {place}' once",
    )


def unknown(check: str, about: str, error: Exception, action: str, *, why: str) -> Result:
    """A check that could not look, and what it would have needed."""
    return Result(
        check=check,
        about=about,
        outcome=Outcome.UNKNOWN,
        said=told(error),
        why=why,
        advice=f"needs {action}; ask somebody who may, or look in the console",
    )


def quotas(asked: Asked) -> Iterator[Result]:
    """As many instances of each type may serve as a release needs at once."""
    why = "new accounts may host 0 to 2 instances of many types, and an endpoint then fails"
    if asked.target.embedded:
        for name in asked.needs.instances:
            said = "the embedded cloud has no quotas"
            yield Result(check="quota", about=name, outcome=Outcome.UNKNOWN, said=said, why=why)
        return
    try:
        known = _limits(asked.target.client("service-quotas"))
    except (ClientError, BotoCoreError) as error:
        yield unknown("quota", "SageMaker", error, "servicequotas:ListServiceQuotas", why=why)
        return
    for type_, wanted in asked.needs.instances.items():
        yield _quota(type_, wanted, known.get(f"{type_} for endpoint usage"), why=why)


def _limits(client: Any) -> Mapping[str, float]:
    """SageMaker's quotas by name: AWS's defaults, and over them what the account has."""
    found: dict[str, float] = {}
    for operation in ("list_aws_default_service_quotas", "list_service_quotas"):
        for page in client.get_paginator(operation).paginate(ServiceCode="sagemaker"):
            found |= {quota["QuotaName"]: quota["Value"] for quota in page["Quotas"]}
    return found


def _quota(type_: str, wanted: int, limit: float | None, *, why: str) -> Result:
    about = f"{type_} for endpoint usage"
    if limit is None:
        said = "Service Quotas does not list it"
        return Result(check="quota", about=about, outcome=Outcome.UNKNOWN, said=said, why=why)
    enough = limit >= wanted
    return Result(
        check="quota",
        about=about,
        outcome=Outcome.OK if enough else Outcome.FAILED,
        said=f"{limit:g} allowed, {wanted} needed while a release replaces them",
        why=why,
        advice="" if enough else f"ask for {wanted} in the Service Quotas console; it takes days",
    )


def concurrency(asked: Asked) -> Iterator[Result]:
    """Functions of the account may run beside each other."""
    why = f"{asked.needs.functions} functions serve, count and judge; all share one limit"
    try:
        settings = asked.target.client("lambda").get_account_settings()
        limit = int(settings["AccountLimit"]["ConcurrentExecutions"])
    except (ClientError, BotoCoreError, KeyError) as error:
        yield unknown("concurrency", "Lambda", error, "lambda:GetAccountSettings", why=why)
        return
    enough = limit >= _LEAST_CONCURRENCY
    yield Result(
        check="concurrency",
        about="Lambda concurrent executions",
        outcome=Outcome.OK if enough else Outcome.WARNING,
        said=f"{limit}, at least {_LEAST_CONCURRENCY} are advised",
        why=why,
        advice="" if enough else "ask for more in the Service Quotas console",
    )


def services(asked: Asked) -> Iterator[Result]:
    """Everything in the templates is to be had, in this region and by new customers."""
    findings = [f for f in own_findings(asked.needs.assembly) if f.rule in _OFFLINE]
    for finding in findings:
        fault = finding.fault
        yield Result(
            check=finding.rule,
            about=str(finding.place),
            outcome=Outcome.OK if finding.reason is not None else Outcome.FAILED,
            said=f"{fault.wrong}, got {fault.got}",
            why=finding.source,
            advice=fault.advice or fault.allowed,
        )
    if not findings:
        kinds = {r.kind for t in asked.needs.assembly.templates for r in t.every.values()}
        yield Result(
            check="services",
            about=f"{len(kinds)} resource types",
            outcome=Outcome.OK,
            said=f"all of them are open to new customers and in {asked.target.region}",
            why="a closed service refuses a new account; a type may be missing in a region",
        )


CHECKS: tuple[Check, ...] = (credentials, bootstrap, quotas, concurrency, services)
