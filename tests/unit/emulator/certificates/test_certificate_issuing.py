"""What proves a domain, and when a certificate is issued."""

from typing import Any

import pytest

from emulator.certificates.authority import Authority
from emulator.certificates.issuing import (
    domains_of,
    faults_of,
    options_for,
    record_for,
    validated,
)

REQUEST = {"DomainName": "API.example.com", "ValidationMethod": "DNS"}


def test_a_wildcard_is_proved_by_its_base_domain() -> None:
    """Both have one record, the same for every certificate of the account."""
    assert record_for("1", "*.example.com") == record_for("1", "example.com")
    assert record_for("1", "example.com") != record_for("2", "example.com")
    assert record_for("1", "example.com").name.endswith(".example.com.")


def test_names_are_listed_once_in_lower_case() -> None:
    """The domain name comes first."""
    request = {**REQUEST, "SubjectAlternativeNames": ["b.example.com", "api.example.com"]}

    assert domains_of(request) == ["api.example.com", "b.example.com"]


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"ValidationMethod": "EMAIL"}, "must be DNS"),
        ({"CertificateAuthorityArn": "arn"}, "private authorities"),
        ({"KeyAlgorithm": "RSA_4096"}, "KeyAlgorithm must be one of"),
        ({"Options": {"Export": "ENABLED"}}, "exportable"),
        ({"SubjectAlternativeNames": [f"{n}.example.com" for n in range(10)]}, "at most 10"),
    ],
)
def test_what_is_not_emulated_is_named(members: dict[str, Any], said: str) -> None:
    """Nothing is dropped silently."""
    assert any(said in fault for fault in faults_of({**REQUEST, **members}))
    assert list(faults_of(REQUEST)) == []


def test_a_certificate_is_issued_once_every_domain_is_proved() -> None:
    """One record is not enough for two domains; what was proved stays so."""
    domains, served = ["a.example.com", "b.example.com"], set()
    record: dict[str, Any] = {
        "SubjectAlternativeNames": domains,
        "DomainValidationOptions": options_for("1", domains),
        "KeyAlgorithm": "EC_prime256v1",
    }
    authority = Authority()

    def look() -> Any:
        return validated(record, lambda name, value: (name, value) in served, authority)

    assert look() is None
    first, second = (record_for("1", domain) for domain in domains)
    served.add((first.name, first.value))
    assert look() is None
    assert [o["ValidationStatus"] for o in record["DomainValidationOptions"]] == [
        "SUCCESS",
        "PENDING_VALIDATION",
    ]
    served.clear()
    served.add((second.name, second.value))
    assert look() is not None
