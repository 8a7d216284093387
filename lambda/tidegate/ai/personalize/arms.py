"""What an arm has of its own: a solution with its models, and what answers by the newest of them.

A campaign is made by the first run that trained a model, since AWS refuses one before, under the
name of its solution: so the door knows its ARN. In the template a custom resource stands for it,
which deletes it before CloudFormation deletes the solution.
"""

from tidegate.ai.kind import READY, Operation, Own, Place, Resources, Rights, unbilled
from tidegate.ai.personalize.resources import (
    ARNS,
    after_data,
    arn_of,
    digest,
    group,
    group_name,
    item_filter,
    job_names,
    resource,
    short_prefix,
)
from tidegate.ai.personalize.settings import CAMPAIGN, PersonalizeSettings
from tidegate.ai.ports import Given
from tidegate.ai.roles import Template

SETS = "recommended/"
"""What keys of recommendations begin with."""
ARM, UNBOUGHT = "arm", "unbought"
"""What functions are told of an arm: the name of its solution and campaign, and of the filter of
what was bought, if there is one."""
CAMPAIGN_TYPE = "Custom::PersonalizeCampaign"
_FIRST_RUN = "its model is not trained: run first (tidegate ai NAME run), and wait for the result"


def own(settings: PersonalizeSettings, place: Place, slot: str) -> Own:
    """The arm in a slot; of a service without slots, the only one."""
    end = f"-{slot}" if slot else ""
    data = group_name(settings, place)
    name = f"{short_prefix(place)}-{digest(data, settings.recipe)}{end}"
    recipe = f"arn:${{AWS::Partition}}:personalize:::recipe/{settings.recipe}"
    solution = resource(
        "Solution", Name=name, DatasetGroupArn=group(), RecipeArn={"Fn::Sub": recipe}
    )
    solution_id, told = f"Solution{slot.capitalize()}", {ARM: name}
    templates: dict[str, Template] = {solution_id: solution | after_data(settings)}
    if not settings.bought_again:
        expression = f'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("{settings.bought}")'
        told[UNBOUGHT] = f"{short_prefix(place)}-{digest(data, 'Unbought', expression)}{end}"
        templates[f"Unbought{slot.capitalize()}"] = item_filter(
            told[UNBOUGHT], expression, settings
        )
    if settings.answers == CAMPAIGN:
        templates[f"CampaignEnd{slot.capitalize()}"] = _campaign(settings, solution_id)
    return Own(
        resources=Resources(templates=templates, told=told),
        door=_door(settings, name),
        work=_work(settings, place, name),
        ready=_ready(settings, name, slot),
        after=_FIRST_RUN.replace("NAME", place.service),
    )


def _ready(settings: PersonalizeSettings, name: str, slot: str) -> str:
    """The file that says what the last run made; of a tested arm, by exactly these settings."""
    if not slot:
        return f"{SETS}current.json"
    asked = (settings.answers, str(settings.results), str(settings.bought_again), settings.bought)
    return f"{SETS}{name}-{digest(*asked)}.json"


def _campaign(settings: PersonalizeSettings, solution_id: str) -> Template:
    properties = {
        "SolutionArn": {"Fn::GetAtt": [solution_id, "SolutionArn"]},
        "MinProvisionedTPS": settings.campaign_rate,
    }
    return {"Type": CAMPAIGN_TYPE, "Properties": properties}


def operation(name: str, resource_: str) -> Operation:
    """What is done with jobs and models; their data and time bill, no call does."""
    return Operation(
        service="personalize",
        name=name,
        action=f"personalize:{name}",
        resource=resource_,
        units=unbilled,
    )


def _door(settings: PersonalizeSettings, name: str) -> Rights:
    if settings.answers != CAMPAIGN:
        return Rights()
    live = Operation(
        service="personalize-runtime",
        name="GetRecommendations",
        action="personalize:GetRecommendations",
        resource=arn_of("campaign", name),
        unit="recommendations",
    )
    return Rights(calls=(live,))


def _work(settings: PersonalizeSettings, place: Place, name: str) -> Rights:
    solution = arn_of("solution", name)
    of_solution = ("DescribeSolution", "UpdateSolution", "CreateSolutionVersion")
    training = tuple(operation(one, solution) for one in of_solution)
    if settings.answers == CAMPAIGN:
        of_campaign = ("DescribeCampaign", "CreateCampaign", "UpdateCampaign", "DeleteCampaign")
        campaign = arn_of("campaign", name)
        return Rights(calls=(*training, *(operation(one, campaign) for one in of_campaign)))
    jobs = arn_of("batch-inference-job", f"{job_names(place)}-*")
    asking = (
        operation("CreateBatchInferenceJob", jobs),
        operation("DescribeBatchInferenceJob", jobs),
        # Lists take no resource (Service Authorization Reference).
        operation("ListBatchInferenceJobs", "*"),
    )
    return Rights(calls=(*training, *asking))


def name_of(given: Given) -> str:
    """The name that tells an arm from others."""
    return given.resources[ARM]


def solution_arn(given: Given) -> str:
    """The arm's solution."""
    return f"{given.resources[ARNS]}:solution/{name_of(given)}"


def campaign_arn(given: Given) -> str:
    """The arm's campaign, which may not be there yet."""
    return f"{given.resources[ARNS]}:campaign/{name_of(given)}"


def unbought_arn(given: Given) -> str | None:
    """The filter that leaves out what was bought; None where it may be bought again."""
    name = given.resources.get(UNBOUGHT)
    return None if name is None else f"{given.resources[ARNS]}:filter/{name}"


def current_of(given: Given) -> str:
    """The key of the file that says what the last run made for the arm."""
    return given.resources[READY]
