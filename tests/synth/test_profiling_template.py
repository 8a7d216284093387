"""A stage with profiling: one group, and functions under the agent with two more rights each."""

import pytest

from stacks.composition.deployment import Deployment
from stacks.project.load import load_project
from stacks.project.tables import function_price
from tests.synth.assembly import Assembly, synthesize
from tests.synth.pipelines import example

GROUP = "flights-staging-profiling"


@pytest.fixture(scope="module")
def profiled(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """Stage staging of the example of delivery, profiled."""
    folder = tmp_path_factory.mktemp("profiled")
    example(folder, "delivery")
    file = folder / "delivery.yaml"
    text = file.read_text()
    switched = text.replace("staging: { region", "staging: { profiling: true, region")
    assert switched != text
    file.write_text(switched)
    return synthesize(
        Deployment(project=load_project(file), stage="staging", folder=folder / "out")
    )


def test_the_group_tells_what_lambda_costs(profiled: Assembly):
    """With dates and sources, for the report of costs; numbers as a parser reads them."""
    outputs = profiled.templates[GROUP]["Outputs"]
    price = function_price("eu-west-1", "gb_second")
    assert price is not None
    assert outputs["GroupName"]["Value"] == {"Ref": "Group"}
    assert float(outputs["GbSecondUsd"]["Value"]) == price["usd"]
    assert outputs["RequestUsd"]["Value"] == "0.0000002"
    assert price["source"] in outputs["PriceSaid"]["Value"]


def test_one_switch_profiles_every_function(profiled: Assembly):
    """The group has a stack of its own; each function knows it and its own handler."""
    (group,) = profiled.resources(GROUP, "AWS::CodeGuruProfiler::ProfilingGroup").values()
    assert group["Properties"] == {"ProfilingGroupName": GROUP, "ComputePlatform": "AWSLambda"}
    functions = profiled.resources("flights-staging-release", "AWS::Lambda::Function").values()
    assert functions
    for function in functions:
        told = function["Properties"]
        variables = told["Environment"]["Variables"]
        assert told["Handler"] == "run_profiled.handler.handle"
        assert variables["AWS_CODEGURU_PROFILER_GROUP_NAME"] == GROUP
        assert variables["PROFILED_HANDLER"].endswith(".handler.handle")
        role = told["Role"]["Fn::GetAtt"][0]
        resources = profiled.templates["flights-staging-release"]["Resources"]
        (posted,) = [
            policy["PolicyDocument"]["Statement"][0]
            for policy in resources[role]["Properties"]["Policies"]
            if policy["PolicyName"] == "Profile"
        ]
        assert posted["Action"] == [
            "codeguru-profiler:ConfigureAgent",
            "codeguru-profiler:PostAgentProfile",
        ]
        assert str(posted["Resource"]).count(f"profilingGroup/{GROUP}") == 1
