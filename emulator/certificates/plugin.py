"""Puts the certificate authority into the running cloud, behind ACM's API and resource type."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from emulator.certificates import issuing
from emulator.certificates.authority import Authority
from emulator.certificates.resources import register_certificates
from emulator.cloudformation.registry import RESOURCE_TYPES
from emulator.cloudformation.schemas import bundled_catalogue
from emulator.route53.plugin import HostedDns
from emulator.route53.plugin import installed as dns_of
from emulator.runtime import Runtime
from emulator.seams import certificates as seam

FILE_NAME = "certificate-authority.pem"

UsedBy = Callable[[str], list[str]]

_installed: dict[int, "CertificateManager"] = {}


class CertificateManager:
    """ACM of one cloud, as its seam and its other plugins use it."""

    def __init__(self, authority: Authority, hosted: HostedDns) -> None:
        self.authority = authority
        self._hosted = hosted
        self._issuing = threading.Lock()
        self.users: UsedBy = lambda _arn: []

    def faults(self, request: Mapping[str, Any]) -> list[str]:
        """What is wrong with a request."""
        return list(issuing.faults_of(request))

    def options(self, account: str, request: Mapping[str, Any]) -> list[dict[str, Any]]:
        """How the domains of a request are to be validated."""
        return issuing.options_for(account, issuing.domains_of(request))

    def names(self, request: Mapping[str, Any]) -> list[str]:
        """The names of the certificate."""
        return issuing.domains_of(request)

    def used_by(self, arn: str) -> list[str]:
        """The load balancers that serve the certificate."""
        return self.users(arn)

    def refresh(self) -> None:
        """Certificates whose domains are proved by now are issued."""
        with self._issuing:
            for record in seam.pending():
                issued = issuing.validated(record, self._serves, self.authority)
                if issued is not None:
                    seam.set_validity(
                        record,
                        not_before=issued.not_before.isoformat(),
                        not_after=issued.not_after.isoformat(),
                    )
                    seam.complete(
                        record, certificate=issued.certificate, chain=issued.chain, key=issued.key
                    )

    def _serves(self, name: str, value: str) -> bool:
        found = self._hosted.resolve(name, "CNAME").records
        values = [v.lower().rstrip(".") for records in found for v in records.values]
        return value.rstrip(".") in values


def install_certificates(runtime: Runtime) -> None:
    """ACM issues certificates of this cloud's authority; its file is told to whoever starts it."""
    hosted = dns_of(runtime)
    manager = CertificateManager(Authority(), hosted)
    _installed[id(runtime)] = manager
    seam.install(manager)
    register_certificates(RESOURCE_TYPES, bundled_catalogue(), manager, hosted)

    path = runtime.state_directory / FILE_NAME
    path.write_text(manager.authority.pem, encoding="ascii")
    runtime.facts["certificate_authority"] = str(path.resolve())


def installed(runtime: Runtime) -> CertificateManager:
    """The certificates of that cloud, for the plugins that serve them."""
    return _installed[id(runtime)]
