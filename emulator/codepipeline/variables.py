"""Variables of a pipeline: `#{namespace.name}` in the configuration of actions and rules. Pure."""

import re
from collections.abc import Mapping

from emulator.codepipeline.errors import CONFIGURATION_ERROR, ActionError

Namespaces = Mapping[str, Mapping[str, str]]

_REFERENCE = re.compile(r"#\{([A-Za-z0-9_@-]+)\.([A-Za-z0-9_@./-]+)\}")


def resolved(configuration: Mapping[str, str], namespaces: Namespaces) -> dict[str, str]:
    """The configuration with every reference replaced; ActionError names those that nothing is."""
    unknown: list[str] = []

    def value(match: re.Match[str]) -> str:
        found = namespaces.get(match[1], {}).get(match[2])
        if found is None:
            unknown.append(match[0])
            return match[0]
        return found

    filled = {name: _REFERENCE.sub(value, text) for name, text in configuration.items()}
    if unknown:
        listed = ", ".join(dict.fromkeys(unknown))
        raise ActionError(
            CONFIGURATION_ERROR,
            f"The following variables could not be resolved: {listed}. Check that the action that "
            "sets them ran before, and that its namespace has the name",
        )
    return filled
