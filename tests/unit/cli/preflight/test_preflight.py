"""Each check of an account says what is missing and what to do, and none hides another."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.preflight.account import Asked
from cli.preflight.needs import Needs, needs_of
from cli.preflight.result import Outcome
from cli.preflight.run import ask
from tests.unit.cli.preflight.account_world import (
    ACCOUNT,
    ALGORITHM,
    CONNECTION,
    IMAGE,
    PACKAGE,
    REGION,
    SERVERS,
    TOPIC,
    Account,
    algorithm,
    certificate,
    preflight_of,
    quota,
    result_of,
    subscription,
    target_of,
    well_account,
    zone,
)


def test_needs_are_read_from_the_templates(needs: Needs):
    """Blue/green has two fleets at once; what is named and what is made are told apart."""
    assert needs.instances == {"ml.m5.large": 4}
    assert needs.bootstrap_version == 8
    assert needs.account == ACCOUNT
    assert [zone.names for zone in needs.zones] == [("m.example.com",)]
    assert (needs.topics, needs.connections) == ((TOPIC,), (CONNECTION,))
    assert (needs.packages, needs.images) == ((PACKAGE,), (IMAGE,))
    assert needs.pending_connections == ("Made",)


def test_account_that_has_everything_is_ready(needs: Needs):
    """A connection that the deploy makes is a warning: a person must finish it."""
    found = preflight_of(well_account(), needs)

    bad = [r for r in found.results if r.outcome is not Outcome.OK]
    assert [(r.check, r.outcome) for r in bad] == [("connection", Outcome.WARNING)]
    assert found.ready
    assert all(result.why for result in found.results)


def test_an_algorithm_is_asked_about_as_a_package_is(needs: Needs, tmp_path: Path):
    """Its ARN is found in templates; who is not subscribed is told what to do."""
    assert needs.algorithms == ()
    file, account = tmp_path / "S.template.json", well_account()
    file.write_text(file.read_text().replace(PACKAGE, ALGORITHM))
    needing = needs_of(tmp_path, regions=(REGION,))
    assert (needing.packages, needing.algorithms) == ((), (ALGORITHM,))
    account.answers.pop("sagemaker")
    account.will("sagemaker", "describe_algorithm", algorithm())
    assert result_of(preflight_of(account, needing), "algorithm").outcome is Outcome.OK
    account.refuses("sagemaker", "describe_algorithm", "ValidationException")
    refused = result_of(preflight_of(account, needing), "algorithm")
    assert refused.outcome is Outcome.FAILED
    assert "subscribe" in refused.advice
    assert "sagemaker:DescribeAlgorithm" in refused.advice


MISSING: list[tuple[str, Callable[[Account], None], str]] = [
    ("credentials", lambda a: a.refuses("sts", "get_caller_identity", "ExpiredToken"), "sign in"),
    ("bootstrap", lambda a: a.refuses("ssm", "get_parameter", "ParameterNotFound"), "bootstrap"),
    (
        "hosted-zone",
        lambda a: a.refuses("route53", "get_hosted_zone", "NoSuchHostedZone"),
        "make a public hosted zone",
    ),
    ("image", lambda a: a.refuses("ecr", "describe_images", "ImageNotFoundException"), "push it"),
    (
        "model-package",
        lambda a: a.refuses("sagemaker", "describe_model_package", "AccessDeniedException"),
        "subscribe",
    ),
    (
        "topic",
        lambda a: a.refuses("sns", "list_subscriptions_by_topic", "NotFound"),
        "make it",
    ),
]


@pytest.mark.parametrize(("check", "take_away", "advice"), MISSING)
def test_what_is_missing_is_said_with_what_to_do(
    needs: Needs, check: str, take_away: Callable[[Account], None], advice: str
):
    """One thing less is one failure more."""
    account = well_account()
    take_away(account)

    found = preflight_of(account, needs)

    failed = [r for r in found.results if r.outcome is Outcome.FAILED]
    assert [result.check for result in failed] == [check]
    assert advice in failed[0].advice
    assert not found.ready


def _replaced(service: str, operation: str, answer: dict[str, Any]) -> Account:
    account = well_account()
    del account.answers[service]
    account.will(service, operation, answer)
    return account


NOT_ENOUGH: list[tuple[str, Account, Outcome, str]] = [
    (
        "certificate",
        _replaced(
            "acm", "describe_certificate", {"Certificate": certificate("PENDING_VALIDATION")}
        ),
        Outcome.FAILED,
        "PENDING_VALIDATION",
    ),
    (
        "connection",
        _replaced(
            "codeconnections", "get_connection", {"Connection": {"ConnectionStatus": "PENDING"}}
        ),
        Outcome.FAILED,
        "PENDING",
    ),
    (
        "topic",
        _replaced(
            "sns",
            "list_subscriptions_by_topic",
            {"Subscriptions": [subscription("PendingConfirmation")]},
        ),
        Outcome.WARNING,
        "1 of them pending",
    ),
    (
        "concurrency",
        _replaced("lambda", "get_account_settings", {"AccountLimit": {"ConcurrentExecutions": 10}}),
        Outcome.WARNING,
        "10, at least 100",
    ),
    (
        "bootstrap",
        _replaced("ssm", "get_parameter", {"Parameter": {"Value": "6"}}),
        Outcome.FAILED,
        "version 6, the stage needs 8",
    ),
    (
        "hosted-zone",
        _replaced("route53", "get_hosted_zone", zone(PrivateZone=True)),
        Outcome.FAILED,
        "it is private",
    ),
]


@pytest.mark.parametrize(("check", "account", "outcome", "said"), NOT_ENOUGH)
def test_what_is_there_and_not_good_enough_is_said(
    needs: Needs, *, check: str, account: Account, outcome: Outcome, said: str
):
    """Pending, too old, too few."""
    result = result_of(preflight_of(account, needs), check)

    assert result.outcome is outcome
    assert said in result.said
    assert result.advice


def test_quota_counts_what_a_release_needs_at_once(needs: Needs):
    """Four, where three are allowed."""
    account = well_account()
    del account.answers["service-quotas"]
    account.will("service-quotas", "list_aws_default_service_quotas", {"Quotas": [quota(0)]})
    account.will("service-quotas", "list_service_quotas", {"Quotas": [quota(3)]})

    result = result_of(preflight_of(account, needs), "quota")

    assert result.outcome is Outcome.FAILED
    assert "3 allowed, 4 needed" in result.said


def test_zone_that_nobody_delegates_to_is_told(needs: Needs):
    """With the name servers to enter at the registrar."""
    found = ask(Asked(target=target_of(well_account()), needs=needs), name_servers=lambda _: None)

    result = result_of(found, "hosted-zone")
    assert result.outcome is Outcome.FAILED
    assert SERVERS[0] in result.advice


def test_who_may_not_look_is_told_what_is_needed(needs: Needs):
    """It counts neither for nor against."""
    account = well_account()
    account.refuses("service-quotas", "list_aws_default_service_quotas", "AccessDeniedException")

    found = preflight_of(account, needs)

    assert result_of(found, "quota").outcome is Outcome.UNKNOWN
    assert "servicequotas:ListServiceQuotas" in result_of(found, "quota").advice
    assert found.ready


def test_embedded_cloud_says_what_it_does_not_have(needs: Needs):
    """No quotas, no bootstrap needed, nothing delegated."""
    account = well_account()
    account.refuses("ssm", "get_parameter", "ParameterNotFound")
    del account.answers["service-quotas"]

    found = preflight_of(account, needs, embedded=True)

    assert result_of(found, "quota").outcome is Outcome.UNKNOWN
    assert result_of(found, "bootstrap").outcome is Outcome.OK
    assert result_of(found, "hosted-zone").outcome is Outcome.OK
    assert found.ready
