"""What a change would do to what is deployed: only where earlier templates are given."""

from collections.abc import Iterator

from gate import schemas
from gate.finding import Fault, Severity
from gate.rule import Rule
from gate.rules.names import NAMES
from gate.rules.scaling import INSTANCES, TARGET
from gate.rules.storage import STATEFUL
from gate.rules.variants import CONFIG
from gate.template import Assembly, Resource, mappings


def _pairs(assembly: Assembly) -> Iterator[tuple[Resource, Resource]]:
    """Each resource with what it was."""
    earlier = {template.stack: template for template in assembly.before}
    for template in assembly.templates:
        before = earlier.get(template.stack)
        for id_, resource in template.every.items():
            was = None if before is None else before.every.get(id_)
            if was is not None and was.kind == resource.kind:
                yield was, resource


def _replacing(was: Resource, resource: Resource) -> list[str]:
    only = schemas.create_only(resource.kind)
    return sorted(name for name in only if was.at(name) != resource.at(name))


def _name_kept(assembly: Assembly) -> Iterator[Fault]:
    for was, resource in _pairs(assembly):
        name = NAMES.get(resource.kind, ("",))[0]
        changed = [one for one in _replacing(was, resource) if one != name]
        if name and changed and resource.at(name) is not None and was.at(name) == resource.at(name):
            yield resource.fault(
                (name,),
                f"the change of {', '.join(changed)} replaces it, and its name is still taken",
                got=resource.at(name),
                allowed="another name, or none",
            )


def _data_lost(assembly: Assembly) -> Iterator[Fault]:
    for was, resource in _pairs(assembly):
        changed = _replacing(was, resource) if resource.kind in STATEFUL else []
        if changed:
            yield resource.fault(
                (changed[0],),
                f"the change replaces it: the new one is without {STATEFUL[resource.kind]}",
                got=resource.at(changed[0]),
                allowed=f"as it was: {was.at(changed[0])}",
            )
    earlier = {template.stack: template for template in assembly.before}
    for template in assembly.templates:
        for id_, was in (
            earlier[template.stack].every if template.stack in earlier else {}
        ).items():
            if was.kind in STATEFUL and id_ not in template.every:
                yield template.fault(
                    ("Resources", id_),
                    f"{was.kind} is gone from the template, and its {STATEFUL[was.kind]} with it",
                )


def _types(config: Resource) -> dict[str, str]:
    variants = mappings(config.at("ProductionVariants"))
    return {str(v.get("VariantName")): str(v.get("InstanceType")) for v in variants}


def _instance_type(assembly: Assembly) -> Iterator[Fault]:
    for was, config in _pairs(assembly):
        if config.kind != CONFIG:
            continue
        scaled = [
            str(target.at("ResourceId"))
            for target in config.template.of(TARGET)
            if target.at("ScalableDimension") == INSTANCES
        ]
        now, then = _types(config), _types(was)
        for name in now:
            watched = any(f"variant/{name}" in one for one in scaled)
            if watched and then.get(name, now[name]) != now[name]:
                yield config.fault(
                    ("ProductionVariants",),
                    f"variant {name} is autoscaled: SageMaker refuses another instance type",
                    got=now[name],
                    allowed=then[name],
                    advice="deregister the scalable target in a deploy of its own first",
                )


RULES = (
    Rule(
        id="update-name-taken",
        holds="a replacement has a name of its own (with --against)",
        source="CloudFormation user guide, Name type; resource schemas: createOnlyProperties",
        check=_name_kept,
    ),
    Rule(
        id="update-data-lost",
        holds="no change replaces or drops what holds data (with --against)",
        source="CloudFormation user guide, Update behaviors of stack resources",
        check=_data_lost,
        severity=Severity.WARNING,
    ),
    Rule(
        id="update-instance-type",
        holds="an autoscaled variant keeps its instance type (with --against)",
        source="SageMaker developer guide, Automatic scaling: update endpoints that use it",
        check=_instance_type,
    ),
)
