"""What cdk-nag finds where people sign in to a service, and why it stays."""

from collections.abc import Iterator

from stacks.checks.rows import Acknowledged, finding
from stacks.components.service_functions import ServiceProps
from stacks.components.service_routes import route_id, routes_of
from stacks.components.service_sign_in import POOL, sign_in_of
from tidegate.ai.callers import Callers

_PAGE = "a static page and where to sign in: nothing of the service's data, which needs a token"
_MFA = (
    "people who only label may sign in by a password of 12 characters; 'mfa: required' asks for an "
    "authenticator app"
)
_PLUS = (
    "threat protection bills each user a month: sign-ups are closed, and what a stolen password "
    "gives is the next item to label"
)


def of_people(stack: str, props: ServiceProps) -> Iterator[Acknowledged]:
    """Every finding that stays, of pages and of the pool."""
    for route in routes_of(props):
        if route.callers is Callers.ANYBODY:
            yield finding(stack, route_id(route), "APIG4", _PAGE)
    how = sign_in_of(props)
    if how is None or how.issuer is not None:
        return
    yield finding(stack, POOL, "COG8", _PLUS)
    if getattr(props.spec.settings, "mfa", "optional") != "required":
        yield finding(stack, POOL, "COG2", _MFA)
