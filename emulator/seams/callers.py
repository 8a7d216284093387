"""The keys of who made a request, for a service that goes on with the caller's rights.

AWS's services do so by forward access sessions (IAM User Guide): what a service reads and writes
for a request is authorized by the policies of whoever sent it.
"""

from ministack.core import iam_evaluator, router

from emulator.runtime import Credentials
from emulator.seams.services import Request


class UnknownCallerError(Exception):
    """The key of the request is not known any more."""


def credentials_of(request: Request) -> Credentials:
    """Keys that may do what the request's sender may; UnknownCallerError if nobody has them."""
    access_key = router.extract_access_key_id(request.headers, request.query)
    found = iam_evaluator.resolve_credential(access_key, request.account)
    if isinstance(found, iam_evaluator.CredentialResolutionError):
        raise UnknownCallerError(found.message)
    return Credentials(
        access_key=found.access_key_id,
        secret_key=found.secret_access_key,
        session_token=found.session_token,
    )
