"""ministack's ACM: its store, and the operations that we put before or in place of its own.

Seams: of `acm` `_certificates`, `_cert_arn`, `_request_certificate`, `_describe_certificate`,
`_list_certificates`, `_get_certificate`, `_delete_certificate` and `_cert_shape`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from ministack.core import responses
from ministack.services import acm

from emulator.seams import tenancy

Json = dict[str, Any]

_PENDING = "PENDING_VALIDATION"


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A certificate that can be served: leaf with chain, and key, in PEM."""

    names: tuple[str, ...]
    chain: str
    key: str


class Certificates(Protocol):
    """What ACM's operations ask of us."""

    def faults(self, request: Mapping[str, Any]) -> list[str]:
        """What is wrong with a request."""

    def options(self, account: str, request: Mapping[str, Any]) -> list[Json]:
        """How the domains of a request are to be validated."""

    def names(self, request: Mapping[str, Any]) -> list[str]:
        """The names of the certificate."""

    def refresh(self) -> None:
        """Certificates whose domains are proved by now are issued."""

    def used_by(self, arn: str) -> list[str]:
        """The load balancers that serve the certificate."""


def install(certificates: Certificates) -> None:
    """ACM validates before it issues, and every look at a certificate is up to date."""
    for name in ("_describe_certificate", "_list_certificates", "_get_certificate"):
        setattr(acm, name, _refreshed(getattr(acm, name), certificates))
    acm._request_certificate = partial(_request_certificate, certificates)
    acm._get_certificate = partial(_get_certificate, acm._get_certificate)
    acm._delete_certificate = partial(_delete_certificate, acm._delete_certificate, certificates)
    acm._cert_shape = partial(_shape, acm._cert_shape, certificates)


def _request_certificate(certificates: Certificates, data: Json) -> Any:
    faults = certificates.faults(data)
    if faults:
        return _error("InvalidParameterException", "; ".join(faults))
    return responses.json_response({"CertificateArn": request(certificates, data)})


def _get_certificate(built_in: Callable[..., Any], data: Json) -> Any:
    arn = data.get("CertificateArn", "")
    if status_of(arn) == _PENDING:
        return _error("RequestInProgressException", f"Certificate {arn} is not issued yet.")
    return built_in(data)


def _delete_certificate(
    built_in: Callable[..., Any], certificates: Certificates, data: Json
) -> Any:
    arn = data.get("CertificateArn", "")
    users = certificates.used_by(arn)
    if users:
        message = f"Certificate {arn} is in use by {', '.join(users)}."
        return _error("ResourceInUseException", message)
    return built_in(data)


def _shape(built_in: Callable[..., Any], certificates: Certificates, certificate: Json) -> Json:
    users = certificates.used_by(certificate["CertificateArn"])
    shown: Json = built_in({**certificate, "InUseBy": users})
    shown["KeyAlgorithm"] = certificate.get("KeyAlgorithm", shown["KeyAlgorithm"])
    if certificate["Status"] != "ISSUED":
        for member in ("IssuedAt", "NotBefore", "NotAfter", "SignatureAlgorithm"):
            shown.pop(member, None)
    return shown


def _error(code: str, message: str) -> Any:
    return responses.error_response_json(code, message, 400)


def request(certificates: Certificates, data: Mapping[str, Any]) -> str:
    """A certificate waits for validation; its ARN."""
    arn, now = str(acm._cert_arn()), responses.now_iso()
    preference = "CertificateTransparencyLoggingPreference"
    acm._certificates[arn] = {
        "CertificateArn": arn,
        "DomainName": data["DomainName"],
        "SubjectAlternativeNames": certificates.names(data),
        "Status": _PENDING,
        "Type": "AMAZON_ISSUED",
        "CreatedAt": now,
        "DomainValidationOptions": certificates.options(responses.get_account_id(), data),
        "ValidationMethod": "DNS",
        "KeyAlgorithm": data.get("KeyAlgorithm", "RSA_2048"),
        "Tags": list(data.get("Tags", [])),
        "Options": {preference: (data.get("Options") or {}).get(preference, "ENABLED")},
        "_pem_body": "",
        "_pem_chain": "",
        "_private_key": "",
    }
    return arn


def pending() -> Iterator[Json]:
    """The records of every tenant that wait for validation; the caller completes them in place."""
    for record in list(acm._certificates._data.values()):
        if record["Status"] == _PENDING:
            yield record


def complete(record: Json, *, certificate: str, chain: str, key: str) -> None:
    """The certificate is issued."""
    record |= {"_pem_body": certificate, "_pem_chain": chain, "_private_key": key}
    record |= {"Status": "ISSUED", "IssuedAt": responses.now_iso()}


def set_validity(record: Json, *, not_before: str, not_after: str) -> None:
    """The record says from when to when its certificate is valid (ISO 8601)."""
    record |= {"NotBefore": not_before, "NotAfter": not_after}


def status_of(arn: str) -> str | None:
    """The certificate's status, None if the tenant of its ARN has none such."""
    record = _record(arn)
    return None if record is None else str(record["Status"])


def material_of(arn: str) -> Material | None:
    """What serves the certificate; None if there is none or it is not issued."""
    record = _record(arn)
    if record is None or record["Status"] != "ISSUED" or not record.get("_private_key"):
        return None
    return Material(
        names=tuple(record.get("SubjectAlternativeNames", [record["DomainName"]])),
        chain=record["_pem_body"] + record["_pem_chain"],
        key=record["_private_key"],
    )


def set_tags(arn: str, tags: list[Json]) -> None:
    """The certificate has these tags and no others."""
    record = _record(arn)
    if record is not None:
        record["Tags"] = list(tags)


def forget(arn: str) -> None:
    """No such certificate exists."""
    acm._certificates.pop(arn, None)


def _record(arn: str) -> Json | None:
    parts = arn.split(":")
    if len(parts) < 6:
        return None
    with tenancy.acting_for(parts[4], parts[3]):
        found: Json | None = acm._certificates.get(arn)
    return found


def _refreshed(operation: Callable[..., Any], certificates: Certificates) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        certificates.refresh()
        return operation(*arguments)

    return call
