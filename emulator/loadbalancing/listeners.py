"""Operations on listeners: each is a real socket from its creation to its deletion."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from emulator.loadbalancing.actions import normal_actions
from emulator.loadbalancing.attributes import LISTENER_ATTRIBUTES, changed, shown
from emulator.loadbalancing.balancers import tags_of
from emulator.loadbalancing.errors import BalancingError, invalid, not_emulated
from emulator.loadbalancing.store import Entry, Json, Store, Tenant

DEFAULT_SSL_POLICY = "ELBSecurityPolicy-2016-08"
"""Of listeners made by API or template; recorded, since every listener here speaks TLS 1.2, 1.3."""
PORTS = (1, 65535)
MOST_CERTIFICATES = 25


class Sockets(Protocol):
    """Where listeners listen."""

    async def open(self, listener: Entry) -> None:
        """The listener accepts connections; OSError if its port is taken."""

    async def close(self, listener_arn: str) -> None:
        """The listener accepts none; those open are answered first."""

    def renew_certificates(self, listener: Entry) -> None:
        """New connections are served the certificates that the listener has now."""


class Certificates(Protocol):
    """ACM, as listeners ask it."""

    def status_of(self, arn: str) -> str | None:
        """The certificate's status, None if there is no such certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerOperations:
    """Makes, shows, changes and deletes listeners with their default rules."""

    store: Store
    sockets: Sockets
    certificates: Certificates

    async def create(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The listener accepts connections."""
        balancer = self._balancer(request["LoadBalancerArn"])
        shape = self._checked({"Protocol": None, "Port": None, **request}, balancer.arn, None)
        start = balancer.arn.replace(":loadbalancer/", ":listener/", 1)
        arn = f"{start}/{uuid.uuid4().hex[:16]}"
        entry = Entry(
            arn=arn,
            shape={"ListenerArn": arn, "LoadBalancerArn": balancer.arn, **shape},
            attributes=dict(LISTENER_ATTRIBUTES),
            tags=tags_of(request),
        )
        await self._open(entry)
        self.store.listeners[arn] = entry
        rule = arn.replace(":listener/", ":listener-rule/", 1) + f"/{uuid.uuid4().hex[:16]}"
        self.store.rules[rule] = Entry(
            arn=rule,
            shape={
                "RuleArn": rule,
                "Priority": "default",
                "Conditions": [],
                "Actions": entry.shape["DefaultActions"],
                "IsDefault": True,
            },
        )
        del tenant
        return {"Listeners": [entry.shape]}

    def describe(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The load balancer's, or those asked for by ARN."""
        arns = request.get("ListenerArns")
        if arns:
            return {"Listeners": [self.get(arn).shape for arn in arns]}
        if "LoadBalancerArn" not in request:
            raise invalid("either LoadBalancerArn or ListenerArns is required")
        balancer = self._balancer(request["LoadBalancerArn"])
        return {"Listeners": [entry.shape for entry in self.store.listeners_of(balancer.arn)]}

    async def modify(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The listener is as asked; its socket is moved only if its port or protocol changes."""
        entry = self.get(request["ListenerArn"])
        asked = {k: v for k, v in request.items() if k != "ListenerArn"}
        shape = self._checked({**entry.shape, **asked}, entry.shape["LoadBalancerArn"], entry)
        moved = any(shape[m] != entry.shape[m] for m in ("Port", "Protocol"))
        before, entry.shape = entry.shape, {**_kept(entry.shape), **shape}
        if moved:
            await self.sockets.close(entry.arn)
            try:
                await self._open(entry)
            except BalancingError:
                entry.shape = before
                await self._open(entry)
                raise
        else:
            self.sockets.renew_certificates(entry)
        for rule in self.store.rules_of(entry.arn):
            if rule.shape["IsDefault"]:
                rule.shape["Actions"] = entry.shape["DefaultActions"]
        return {"Listeners": [entry.shape]}

    async def delete(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The listener and its rules are gone."""
        entry = self.get(request["ListenerArn"])
        await self.sockets.close(entry.arn)
        for rule in self.store.rules_of(entry.arn):
            del self.store.rules[rule.arn]
        del self.store.listeners[entry.arn]
        return {}

    def describe_attributes(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """All attributes, defaults too."""
        return {"Attributes": shown(self.get(request["ListenerArn"]).attributes)}

    def modify_attributes(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The named attributes have those values."""
        entry = self.get(request["ListenerArn"])
        entry.attributes |= changed("listener", LISTENER_ATTRIBUTES, request["Attributes"])
        return {"Attributes": shown(entry.attributes)}

    def add_certificates(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The listener serves these certificates too, chosen by the name that clients ask for."""
        entry = self.get(request["ListenerArn"])
        arns = [certificate["CertificateArn"] for certificate in request["Certificates"]]
        self._check_certificates(arns)
        wanted = list(dict.fromkeys([*entry.certificates, *arns]))
        if len(wanted) > MOST_CERTIFICATES:
            raise BalancingError("TooManyCertificates", f"at most {MOST_CERTIFICATES}")
        entry.certificates = wanted
        self.sockets.renew_certificates(entry)
        return {"Certificates": [{"CertificateArn": arn, "IsDefault": False} for arn in arns]}

    def remove_certificates(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The listener serves these certificates no more; its default one stays."""
        entry = self.get(request["ListenerArn"])
        gone = {certificate["CertificateArn"] for certificate in request["Certificates"]}
        if gone & set(certificate_arns(entry)[:1]):
            raise BalancingError("OperationNotPermitted", "Default certificate cannot be removed")
        entry.certificates = [arn for arn in entry.certificates if arn not in gone]
        self.sockets.renew_certificates(entry)
        return {}

    def describe_certificates(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The default certificate first."""
        arns = certificate_arns(self.get(request["ListenerArn"]))
        return {
            "Certificates": [
                {"CertificateArn": arn, "IsDefault": number == 0} for number, arn in enumerate(arns)
            ]
        }

    def get(self, arn: str) -> Entry:
        """The listener; BalancingError if there is none."""
        entry = self.store.listeners.get(arn)
        if entry is None:
            raise BalancingError("ListenerNotFound", f"Listener '{arn}' not found")
        return entry

    def _balancer(self, arn: str) -> Entry:
        entry = self.store.balancers.get(arn)
        if entry is None:
            raise BalancingError("LoadBalancerNotFound", f"Load balancer '{arn}' not found")
        return entry

    def _checked(
        self, request: Mapping[str, Any], balancer_arn: str, current: Entry | None
    ) -> Json:
        """The members that a listener of this request has."""
        protocol, port = request["Protocol"], request["Port"]
        if protocol not in {"HTTP", "HTTPS"}:
            raise not_emulated(f"listeners of protocol {protocol}, only HTTP and HTTPS")
        if port is None or not PORTS[0] <= port <= PORTS[1]:
            raise invalid(f"Port must be {PORTS[0]} to {PORTS[1]}, got {port}")
        for other in self.store.listeners_of(balancer_arn):
            if other is not current and other.shape["Port"] == port:
                raise BalancingError(
                    "DuplicateListener", "A listener already exists on this port for this balancer"
                )
        if request.get("AlpnPolicy"):
            raise not_emulated("AlpnPolicy")
        if request.get("MutualAuthentication", {}).get("Mode", "off") != "off":
            raise not_emulated("MutualAuthentication, only mode 'off'")
        actions = request.get("DefaultActions", [])
        shape: Json = {
            "Protocol": protocol,
            "Port": port,
            "DefaultActions": normal_actions(actions, protocol=protocol, groups=self.store.groups),
        }
        return {**shape, **self._tls(protocol, request)}

    def _tls(self, protocol: str, request: Mapping[str, Any]) -> Json:
        listed = [c["CertificateArn"] for c in request.get("Certificates", [])]
        if protocol == "HTTP":
            return {}
        if not listed:
            raise BalancingError("CertificateNotFound", "an HTTPS listener needs a certificate")
        if len(listed) > 1:
            raise BalancingError(
                "TooManyCertificates",
                f"Up to '1' certificate ARNs can be specified, but '{len(listed)}' were specified",
            )
        self._check_certificates(listed)
        return {
            "Certificates": [{"CertificateArn": listed[0]}],
            "SslPolicy": request.get("SslPolicy", DEFAULT_SSL_POLICY),
        }

    def _check_certificates(self, arns: list[str]) -> None:
        for arn in arns:
            status = self.certificates.status_of(arn)
            if status is None:
                raise BalancingError("CertificateNotFound", f"Certificate '{arn}' not found")
            if status != "ISSUED":
                raise BalancingError(
                    "UnsupportedCertificate", f"The certificate '{arn}' is {status}, not ISSUED"
                )

    async def _open(self, entry: Entry) -> None:
        try:
            await self.sockets.open(entry)
        except OSError as error:
            raise invalid(
                f"the listener's port cannot be opened on this machine: {error}"
            ) from error


def certificate_arns(listener: Entry) -> list[str]:
    """The listener's certificates, its default one first; none for HTTP."""
    default = [c["CertificateArn"] for c in listener.shape.get("Certificates", [])]
    return [*default, *(arn for arn in listener.certificates if arn not in default)]


def _kept(shape: Mapping[str, Any]) -> Json:
    """What no modification changes; TLS members go when the protocol becomes HTTP."""
    return {name: shape[name] for name in ("ListenerArn", "LoadBalancerArn")}
