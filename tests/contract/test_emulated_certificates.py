"""ACM of the embedded cloud: certificates by DNS validation, really issued."""

import uuid

import botocore.exceptions
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from emulator.server import EmbeddedCloud
from tests.polling import until


def test_a_certificate_is_issued_once_its_record_is_served(ground_cloud: EmbeddedCloud) -> None:
    """Pending before, without a body; then for its names, signed by the cloud's authority."""
    session = ground_cloud.session()
    acm, route53 = session.client("acm"), session.client("route53")
    domain = f"c{uuid.uuid4().hex[:8]}.example.com"
    arn = acm.request_certificate(
        DomainName=domain, SubjectAlternativeNames=[f"*.{domain}"], ValidationMethod="DNS"
    )["CertificateArn"]
    shown = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert (shown["Status"], "NotAfter" in shown) == ("PENDING_VALIDATION", False)
    with pytest.raises(acm.exceptions.RequestInProgressException):
        acm.get_certificate(CertificateArn=arn)

    record = shown["DomainValidationOptions"][0]["ResourceRecord"]
    zone = route53.create_hosted_zone(Name=domain, CallerReference=domain)["HostedZone"]["Id"]
    cname = {"Name": record["Name"], "Type": "CNAME", "TTL": 60}
    value = {"ResourceRecords": [{"Value": record["Value"]}]}
    change = {"Action": "CREATE", "ResourceRecordSet": {**cname, **value}}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})

    def issued() -> bool:
        state = acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"]
        return bool(state == "ISSUED")

    until(issued, seconds=10, what="ISSUED")
    body = acm.get_certificate(CertificateArn=arn)["Certificate"]
    leaf = x509.load_pem_x509_certificate(body.encode())
    authority = x509.load_pem_x509_certificate(ground_cloud.certificate_authority.read_bytes())
    leaf.verify_directly_issued_by(authority)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [domain, f"*.{domain}"]


def test_validation_by_mail_is_refused(ground_cloud: EmbeddedCloud) -> None:
    """Nobody reads mail here."""
    acm = ground_cloud.session().client("acm")

    with pytest.raises(botocore.exceptions.ClientError, match="ValidationMethod must be DNS"):
        acm.request_certificate(DomainName="mail.example.com", ValidationMethod="EMAIL")


def test_the_authoritys_key_is_nowhere_on_disk(ground_cloud: EmbeddedCloud) -> None:
    """The state directory holds its certificate, and private keys of load balancers at most."""
    authority = ground_cloud.certificate_authority
    public = x509.load_pem_x509_certificate(authority.read_bytes()).public_key()

    texts = [path.read_bytes() for path in authority.parent.rglob("*.pem")]
    assert texts
    keys = [load_pem_private_key(text, None) for text in texts if b"PRIVATE KEY" in text]
    assert all(key.public_key() != public for key in keys)
