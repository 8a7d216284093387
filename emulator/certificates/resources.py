"""`AWS::CertificateManager::Certificate`, which is created once it is issued, as on AWS.

Where `DomainValidationOptions` name a hosted zone, CloudFormation writes the validation record
there; else the stack waits until someone has, for as long as ACM does (72 hours).
"""

from collections.abc import Mapping
from typing import Any, Protocol

from emulator.certificates.issuing import ISSUED, domains_of, record_for
from emulator.cloudformation.generic import replaces
from emulator.cloudformation.registry import (
    HandlerRegistry,
    PartlyCreatedError,
    Provisioned,
    ResourceContext,
    ResourceError,
)
from emulator.cloudformation.schemas import ResourceSchema, SchemaCatalogue
from emulator.route53.plugin import HostedDns
from emulator.route53.validation import Action, Change, Route53Error
from emulator.seams import certificates as seam

Json = Mapping[str, Any]

TYPE_NAME = "AWS::CertificateManager::Certificate"
VALIDATION_TTL = "60"
POLL_SECONDS = 0.05
GIVE_UP_SECONDS = 72 * 3600.0
"""Cloud time after which ACM gives up on a validation."""


class Manager(seam.Certificates, Protocol):
    """The certificates of this cloud."""


class CertificateResource:
    """Requests, validates, retags and deletes certificates."""

    def __init__(self, schema: ResourceSchema, manager: Manager, hosted: HostedDns) -> None:
        self._schema = schema
        self._manager = manager
        self._hosted = hosted

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """The certificate is issued; blocks until its domains are proved."""
        request = {
            **properties,
            "ValidationMethod": properties.get("ValidationMethod", "EMAIL"),
            "Options": {
                "CertificateTransparencyLoggingPreference": properties.get(
                    "CertificateTransparencyLoggingPreference", "ENABLED"
                )
            },
        }
        faults = self._manager.faults(request)
        if faults:
            raise ResourceError("; ".join(faults))
        arn = seam.request(self._manager, request)
        try:
            self._prove(context.account, request)
            self._await(arn)
        except (Route53Error, ResourceError) as failed:
            raise PartlyCreatedError(str(failed), physical_id=arn) from failed
        return _provisioned(arn)

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """The certificate has the template's tags; what it certifies changes only by a new one."""
        if replaces(self._schema, old, new):
            return self.create(context, new)
        seam.set_tags(physical_id, new.get("Tags", []))
        return _provisioned(physical_id)

    def delete(
        self, context: ResourceContext, physical_id: str, properties: Mapping[str, Any]
    ) -> None:
        """The certificate is gone; one that a listener serves is refused."""
        del context, properties
        users = self._manager.used_by(physical_id)
        if users:
            raise ResourceError(f"Certificate {physical_id} is in use by {', '.join(users)}.")
        seam.forget(physical_id)

    def _prove(self, account: str, request: Json) -> None:
        zones = {
            option["DomainName"].lower(): option["HostedZoneId"]
            for option in request.get("DomainValidationOptions", [])
            if "HostedZoneId" in option
        }
        for domain in domains_of(request):
            zone_id = zones.get(domain)
            if zone_id is not None:
                record = record_for(account, domain)
                raw = {
                    "Name": record.name,
                    "Type": "CNAME",
                    "TTL": VALIDATION_TTL,
                    "ResourceRecords": [record.value],
                }
                change = Change(action=Action.UPSERT, raw=raw)
                self._hosted.wait_for(self._hosted.operations.change(zone_id, [change]))

    def _await(self, arn: str) -> None:
        deadline = self._hosted.now() + GIVE_UP_SECONDS
        while True:
            self._manager.refresh()
            if seam.status_of(arn) == ISSUED:
                return
            if self._hosted.now() > deadline:
                raise ResourceError(f"{arn}: the validation timed out after 72 hours")
            if self._hosted.stopping.wait(POLL_SECONDS):
                raise ResourceError(f"{arn}: the embedded cloud stopped before the validation")


def register_certificates(
    registry: HandlerRegistry, catalogue: SchemaCatalogue, manager: Manager, hosted: HostedDns
) -> None:
    """Templates with certificates get ones that verify."""
    handler = CertificateResource(catalogue.load(TYPE_NAME), manager, hosted)
    registry.add_blocking(TYPE_NAME, handler)


def _provisioned(arn: str) -> Provisioned:
    return Provisioned(physical_id=arn, attributes={"CertificateArn": arn})
