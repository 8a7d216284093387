"""All rules. A new one is a module with `RULES` (or a row of one), named here."""

from gate.rule import Rule
from gate.rules import (
    acknowledging,
    alarms,
    balancers,
    codepipelines,
    deployments,
    functions,
    hostings,
    images,
    keys,
    limits,
    machines,
    names,
    pipelines,
    records,
    roles,
    scaling,
    services,
    storage,
    updates,
    variants,
    wildcards,
    zones,
)

_MODULES = (
    variants,
    deployments,
    scaling,
    hostings,
    alarms,
    names,
    services,
    images,
    zones,
    records,
    balancers,
    roles,
    wildcards,
    machines,
    pipelines,
    codepipelines,
    functions,
    storage,
    keys,
    limits,
    updates,
    acknowledging,
)

RULES: tuple[Rule, ...] = tuple(rule for module in _MODULES for rule in module.RULES)
