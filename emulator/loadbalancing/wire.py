"""The load balancing API's wire: AWS's Query protocol by botocore's model of the service."""

from emulator.loadbalancing.errors import BalancingError
from emulator.queryapi import QueryApi, operation_in

NAMESPACE = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"

_API = QueryApi(service="elbv2", namespace=NAMESPACE, refused=BalancingError)

parsed, check, rendered, rendered_error = (
    _API.parsed,
    _API.check,
    _API.rendered,
    _API.rendered_error,
)

__all__ = ["NAMESPACE", "check", "operation_in", "parsed", "rendered", "rendered_error"]
