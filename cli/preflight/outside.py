"""Checks of what the stage stands on and does not make: names, certificates, people, images."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli.preflight.account import Asked, Check, unknown
from cli.preflight.needs import Zone, image_parts
from cli.preflight.result import Outcome, Result

NameServers = Callable[[str], frozenset[str] | None]
"""The name servers that the public DNS says a domain has; None where it says none."""


def public_name_servers(domain: str) -> frozenset[str] | None:
    """As this machine's resolver answers."""
    from dns import exception, resolver  # noqa: PLC0415 - only where a zone is needed

    try:
        answer: Any = resolver.resolve(domain, "NS", lifetime=5)
    except exception.DNSException:
        return None
    return frozenset(str(record.target).rstrip(".").lower() for record in answer)


def zones(name_servers: NameServers) -> Check:
    """A check that each hosted zone is there, public and delegated."""

    def check(asked: Asked) -> Iterator[Result]:
        for zone in asked.needs.zones:
            yield _zone(asked, zone, name_servers)

    return check


def _zone(asked: Asked, zone: Zone, name_servers: NameServers) -> Result:
    proved = f", and certificates of {', '.join(zone.names)}" if zone.names else ""
    why = f"records are written there{proved}: ACM proves names by public DNS only"
    try:
        found = asked.target.client("route53").get_hosted_zone(Id=zone.id)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchHostedZone":
            return unknown("hosted-zone", zone.id, error, "route53:GetHostedZone", why=why)
        advice = "make a public hosted zone, and write its id to front_door.zone_id"
        return _failed("hosted-zone", zone.id, "it does not exist", why, advice)
    except BotoCoreError as error:
        return unknown("hosted-zone", zone.id, error, "route53:GetHostedZone", why=why)
    name = str(found["HostedZone"]["Name"]).rstrip(".")
    about = f"{zone.id} ({name})"
    if found["HostedZone"].get("Config", {}).get("PrivateZone"):
        return _failed("hosted-zone", about, "it is private", why, "take a public hosted zone")
    return _delegation(asked, found, name_servers, why=why)


def _delegation(asked: Asked, found: Any, name_servers: NameServers, *, why: str) -> Result:
    name = str(found["HostedZone"]["Name"]).rstrip(".")
    about = f"{found['HostedZone']['Id'].rpartition('/')[2]} ({name})"
    if asked.target.embedded:
        said = "it is there; the embedded cloud delegates nothing"
        return Result(check="hosted-zone", about=about, outcome=Outcome.OK, said=said, why=why)
    servers = found.get("DelegationSet", {}).get("NameServers", ())
    own = {str(server).rstrip(".").lower() for server in servers}
    public = name_servers(name)
    if public is not None and own & public:
        said = "it is there, and its domain is delegated to it"
        return Result(check="hosted-zone", about=about, outcome=Outcome.OK, said=said, why=why)
    got = "none" if public is None else ", ".join(sorted(public))
    advice = f"enter {', '.join(sorted(own))} as name servers where {name} is registered"
    return _failed("hosted-zone", about, f"public DNS has as name servers: {got}", why, advice)


def _failed(check: str, about: str, said: str, why: str, advice: str) -> Result:  # noqa: PLR0917
    return Result(
        check=check, about=about, outcome=Outcome.FAILED, said=said, why=why, advice=advice
    )


def certificates(asked: Asked) -> Iterator[Result]:
    """Certificates that are named are issued, and of this region."""
    why = "a load balancer takes an issued certificate of its own region only"
    for arn in asked.needs.certificates:
        region = arn.split(":")[3]
        if region != asked.target.region:
            said = f"it is in {region}, the stage in {asked.target.region}"
            yield _failed("certificate", arn, said, why, "ask for one in the stage's region")
            continue
        try:
            client = asked.target.client("acm")
            found = client.describe_certificate(CertificateArn=arn)["Certificate"]
        except (ClientError, BotoCoreError) as error:
            yield unknown("certificate", arn, error, "acm:DescribeCertificate", why=why)
            continue
        names = ", ".join([found["DomainName"], *found.get("SubjectAlternativeNames", ())])
        issued = found["Status"] == "ISSUED"
        yield Result(
            check="certificate",
            about=arn,
            outcome=Outcome.OK if issued else Outcome.FAILED,
            said=f"{found['Status']}, for {names}",
            why=why,
            advice="" if issued else "write the records that ACM asks for, and wait",
        )


def connections(asked: Asked) -> Iterator[Result]:
    """Connections to repositories are finished by a person."""
    why = "a connection is PENDING until somebody agrees to it in the console"
    for arn in asked.needs.connections:
        try:
            client = asked.target.client("codeconnections")
            status = client.get_connection(ConnectionArn=arn)["Connection"]["ConnectionStatus"]
        except (ClientError, BotoCoreError) as error:
            yield unknown("connection", arn, error, "codeconnections:GetConnection", why=why)
            continue
        done = status == "AVAILABLE"
        yield Result(
            check="connection",
            about=arn,
            outcome=Outcome.OK if done else Outcome.FAILED,
            said=str(status),
            why=why,
            advice="" if done else "open Developer Tools, Connections, and finish the handshake",
        )
    for id_ in asked.needs.pending_connections:
        yield Result(
            check="connection",
            about=id_,
            outcome=Outcome.WARNING,
            said="the deploy makes it, and it begins PENDING",
            why=why,
            advice="after the deploy: Developer Tools, Connections, finish the handshake",
        )


def topics(asked: Asked) -> Iterator[Result]:
    """Topics that are named are there, and who should hear of alarms has agreed."""
    why = "whoever has not confirmed a subscription hears nothing"
    for arn in asked.needs.topics:
        try:
            pages = asked.target.client("sns").get_paginator("list_subscriptions_by_topic")
            found = [s for page in pages.paginate(TopicArn=arn) for s in page["Subscriptions"]]
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NotFound", "NotFoundException"}:
                yield _failed("topic", arn, "it does not exist", why, "make it, or drop its name")
            else:
                yield unknown("topic", arn, error, "sns:ListSubscriptionsByTopic", why=why)
            continue
        except BotoCoreError as error:
            yield unknown("topic", arn, error, "sns:ListSubscriptionsByTopic", why=why)
            continue
        pending = [s["Endpoint"] for s in found if s["SubscriptionArn"] == "PendingConfirmation"]
        heard = bool(found) and not pending
        said = f"{len(found)} subscriptions, {len(pending)} of them pending"
        advice = f"confirm: {', '.join(pending)}" if pending else "" if heard else "subscribe"
        yield Result(
            check="topic",
            about=arn,
            outcome=Outcome.OK if heard else Outcome.WARNING,
            said=said,
            why=why,
            advice=advice,
        )


def packages(asked: Asked) -> Iterator[Result]:
    """Model packages may be read: of Marketplace, only by subscribers."""
    for arn in asked.needs.packages:
        client = asked.target.client("sagemaker")
        describe = partial(client.describe_model_package, ModelPackageName=arn)
        yield _product("model-package", arn, describe, "ModelPackageStatus")


def algorithms(asked: Asked) -> Iterator[Result]:
    """So may algorithms."""
    for arn in asked.needs.algorithms:
        client = asked.target.client("sagemaker")
        describe = partial(client.describe_algorithm, AlgorithmName=arn)
        yield _product("algorithm", arn, describe, "AlgorithmStatus")


def _product(check: str, arn: str, describe: Callable[[], Any], status: str) -> Result:
    """Whether a product may be described, which only subscribers may."""
    why = "a product of AWS Marketplace is for accounts that subscribed to it"
    try:
        said = str(describe()[status])
    except (ClientError, BotoCoreError) as error:
        advice = (
            "subscribe this account in AWS Marketplace (the product's page, or 'aws-marketplace"
            f":Subscribe' for who may), or grant sagemaker:{_DESCRIBES[check]}"
        )
        return _failed(check, arn, str(error), why, advice)
    return Result(check=check, about=arn, outcome=Outcome.OK, said=said, why=why)


_DESCRIBES = {"model-package": "DescribeModelPackage", "algorithm": "DescribeAlgorithm"}


def images(asked: Asked) -> Iterator[Result]:
    """Images of one's own account are there. AWS's own are checked by the table of accounts."""
    from gate.rules.images import registries  # noqa: PLC0415 - beside its only use

    why = "the image is pulled when an endpoint or an instance starts: a deploy fails minutes later"
    for image in asked.needs.images:
        parts = image_parts(image)
        if parts is None or parts[2] in registries():
            continue
        account, _, repository, version = parts
        key = "imageDigest" if version.startswith("sha256:") else "imageTag"
        try:
            asked.target.client("ecr").describe_images(
                registryId=account, repositoryName=repository, imageIds=[{key: version}]
            )
        except ClientError as error:
            if error.response["Error"]["Code"].endswith("NotFoundException"):
                yield _failed("image", image, "it does not exist", why, "push it to ECR")
            else:
                yield unknown("image", image, error, "ecr:DescribeImages", why=why)
            continue
        except BotoCoreError as error:
            yield unknown("image", image, error, "ecr:DescribeImages", why=why)
            continue
        yield Result(check="image", about=image, outcome=Outcome.OK, said="it is there", why=why)


def checks(name_servers: NameServers) -> tuple[Check, ...]:
    """All of them."""
    return (zones(name_servers), certificates, connections, topics, packages, algorithms, images)
