"""Amazon CodeGuru Profiler: groups, what agents post, and profiles aggregated from it.

Nothing here samples: profiles are what agents posted, such as AWS's own for Python.
"""

from emulator.ai.frame import AiService, Asked
from emulator.ai.profiler.groups import GroupResource, Groups
from emulator.ai.profiler.profiles import Profiles
from emulator.ai.site import Site

_ON_ALL = frozenset({"CreateProfilingGroup", "ListProfilingGroups"})


def service(site: Site) -> AiService:
    """The service of one cloud."""
    groups = Groups(now=site.now)
    profiles = Profiles(now=site.now, groups=groups)
    return AiService(
        name="codeguruprofiler",
        signing_name="codeguru-profiler",
        iam_prefix="codeguru-profiler",
        operations={**groups.operations(), **profiles.operations()},
        resource=_resource,
        resource_types={"AWS::CodeGuruProfiler::ProfilingGroup": GroupResource(groups=groups)},
    )


def _resource(asked: Asked) -> str:
    """The group, where the operation is about one (service authorization reference)."""
    if asked.operation in _ON_ALL:
        return "*"
    account, region = asked.tenant
    name = asked.request.get("profilingGroupName", "*")
    return f"arn:aws:codeguru-profiler:{region}:{account}:profilingGroup/{name}"
