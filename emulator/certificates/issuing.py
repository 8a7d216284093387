"""What ACM asks before it issues: a CNAME a domain, served by DNS.

Pure but for the authority: who serves the record is handed in.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.certificates.authority import KEY_ALGORITHMS, Authority, Issued

Json = Mapping[str, Any]
HasRecord = Callable[[str, str], bool]
"""Whether DNS serves a CNAME of that name and value; both end with a dot."""

PENDING, ISSUED = "PENDING_VALIDATION", "ISSUED"
MOST_NAMES = 10
"""Domain names a certificate by the default quota."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationRecord:
    """The CNAME that proves a domain; a wildcard is proved by its base domain's."""

    name: str
    value: str


def domains_of(request: Json) -> list[str]:
    """The domain name first, then the alternative names, each once, in lower case."""
    listed = [request["DomainName"], *request.get("SubjectAlternativeNames", [])]
    return list(dict.fromkeys(name.lower() for name in listed))


def record_for(account: str, domain: str) -> ValidationRecord:
    """The record of a domain: the same for every certificate of the account, as on AWS."""
    base = domain.removeprefix("*.")
    digest = hashlib.sha256(f"{account}:{base}".encode()).hexdigest()
    return ValidationRecord(
        name=f"_{digest[:32]}.{base}.", value=f"_{digest[32:]}.embedded.acm-validations.aws."
    )


def faults_of(request: Json) -> Iterator[str]:
    """What is wrong with a request, or not emulated."""
    if request.get("ValidationMethod", "EMAIL") != "DNS":
        yield "ValidationMethod must be DNS: the embedded cloud does not emulate EMAIL and HTTP"
    if "CertificateAuthorityArn" in request:
        yield "the embedded cloud does not emulate private authorities (CertificateAuthorityArn)"
    if request.get("KeyAlgorithm", "RSA_2048") not in KEY_ALGORITHMS:
        yield f"KeyAlgorithm must be one of {', '.join(KEY_ALGORITHMS)}"
    if request.get("CertificateExport", "DISABLED") != "DISABLED" or "ENABLED" in str(
        (request.get("Options") or {}).get("Export", "")
    ):
        yield "the embedded cloud does not emulate exportable certificates"
    domains = domains_of(request)
    if len(domains) > MOST_NAMES:
        yield f"a certificate has at most {MOST_NAMES} domain names, got {len(domains)}"


def options_for(account: str, domains: Sequence[str]) -> list[dict[str, Any]]:
    """DomainValidationOptions of a new certificate."""
    options = []
    for domain in domains:
        record = record_for(account, domain)
        options.append(
            {
                "DomainName": domain,
                "ValidationDomain": domain,
                "ValidationMethod": "DNS",
                "ValidationStatus": PENDING,
                "ResourceRecord": {"Name": record.name, "Type": "CNAME", "Value": record.value},
            }
        )
    return options


def validated(record: dict[str, Any], has_record: HasRecord, authority: Authority) -> Issued | None:
    """The certificate, if every domain of the pending record is proved by now."""
    options = record["DomainValidationOptions"]
    for option in options:
        wanted = option["ResourceRecord"]
        if has_record(wanted["Name"], wanted["Value"]):
            option["ValidationStatus"] = "SUCCESS"
    if any(option["ValidationStatus"] != "SUCCESS" for option in options):
        return None
    names = record["SubjectAlternativeNames"]
    return authority.issue(names, record.get("KeyAlgorithm", "RSA_2048"))
