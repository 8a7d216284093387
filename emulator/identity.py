"""IAM as the embedded cloud enforces it: installed before any service answers."""

from emulator.runtime import Runtime
from emulator.seams import identity as seam
from emulator.seams import passed_roles


def install(_runtime: Runtime) -> None:
    """No key passes unsigned, nor a role without permission; loopback counts as TLS."""
    seam.trust_no_unsigned_key()
    seam.treat_loopback_as_tls()
    seam.name_roles_in_conditions()
    seam.ask_about_log_streams()
    seam.word_denials_as_aws()
    passed_roles.attach()
