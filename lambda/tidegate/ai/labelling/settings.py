"""Settings of a labelling service: what is labelled, by how many, and who is believed.

Ground Truth's dates: SageMaker developer guide, "Create a labeling job (API)". Limits of classes:
the same, LabelCategoryConfiguration has 1,000 at most; a page that people read has far fewer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from tidegate.ai.callers import Issuer, SignIn
from tidegate.ai.labelling.goldfile import gold_of, syntax_faults
from tidegate.ai.limits import Between, Length, Matches, OneOf, TextFile
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import unusable

TEXT_CLASS, TEXT_CLASSES, IMAGE_CLASS, IMAGE_BOXES = (
    "text-class",
    "text-classes",
    "image-class",
    "image-boxes",
)
TASKS = (TEXT_CLASS, TEXT_CLASSES, IMAGE_CLASS, IMAGE_BOXES)
TIDEGATE, GROUND_TRUTH = "tidegate", "ground-truth"
CLOSED = "2026-07-30"
"""Since when new customers do not get Ground Truth."""
MOST_CLASSES = 30
PAGE = "page"
_URL = Matches(pattern=r"https://[^\s?#]+|http://(127\.0\.0\.1|localhost)[^\s?#]*", words="https:")


@dataclass(frozen=True, slots=True, kw_only=True)
class FromModel:
    """Predictions of a model of the project that people look at."""

    model: Annotated[str, "Name of the model.", Length(least=1, most=40)]
    under: Annotated[
        float, "Confidence under which a prediction is looked at.", Between(least=0, most=1)
    ] = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnIssuer:
    """An OpenID provider that people sign in at instead of a user pool of the service's own."""

    issuer: Annotated[str, "Its address, as tokens name it (iss).", _URL]
    client: Annotated[str, "Id of its public client.", Length(least=1, most=200)]
    authorize: Annotated[str, "Its authorization endpoint.", _URL]
    token: Annotated[str, "Its token endpoint, which lets the page's origin read answers.", _URL]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabellingSettings:
    """People label items; who is careless is found, and what they disagree on is decided."""

    task: Annotated[
        str,
        "text-class: one class of a text. text-classes: any number of classes. image-class: one "
        "class of an image. image-boxes: boxes around what an image shows, each of a class.",
        OneOf(TASKS),
    ]
    classes: Annotated[
        tuple[Annotated[str, Length(least=1, most=60)], ...],
        "The classes, in the order in which people see them and manifests count them.",
        Length(least=1, most=MOST_CLASSES),
    ]
    instructions: Annotated[
        str, "What people read beside each item.", Length(least=1, most=4_000)
    ] = "Choose what fits best."
    label: Annotated[
        str,
        "Name of the label in manifests.",
        Matches(pattern=r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", words="letters, digits and hyphens"),
    ] = "label"
    annotators_per_item: Annotated[
        int, "How many people label each item, each without the others.", Between(least=1, most=5)
    ] = 2
    adjudicate: Annotated[
        bool,
        "Whether one more person decides where they disagree. Otherwise more than half decide, and "
        "an item without such a half stays without a label.",
    ] = True
    gold: Annotated[
        str | None,
        "File of gold questions: items whose labels are known, as a manifest with labels (JSON "
        "lines). People cannot tell them from others.",
        TextFile(syntax_faults),
    ] = None
    gold_share: Annotated[
        float,
        "Share of a person's items that are gold questions; twice as many of the first twenty.",
        Between(least=0.01, most=0.5),
    ] = 0.1
    least_gold_right: Annotated[
        float,
        "Who surely gets fewer gold questions right is stopped, and their labels are set aside.",
        Between(least=0.05, most=0.99),
    ] = 0.7
    least_overlap: Annotated[
        float,
        "Of image-boxes: boxes are the same from this overlap on (intersection over union).",
        Between(least=0.1, most=0.95),
    ] = 0.5
    lease_minutes: Annotated[
        int, "How long an item is one person's, before another gets it.", Between(least=1, most=240)
    ] = 15
    keep_days: Annotated[
        int, "How long items and labels are kept.", Between(least=1, most=3_650)
    ] = 365
    from_model: Annotated[
        FromModel | None,
        "A model whose unsure predictions are labelled; what people say comes back as outcomes.",
    ] = None
    sign_in: Annotated[
        OwnIssuer | None,
        "An OpenID provider that people sign in at. Left out: a user pool of Cognito, whose people "
        "you invite.",
    ] = None
    mfa: Annotated[
        str,
        "Of the user pool: whether people need a second factor (an authenticator app).",
        OneOf(("optional", "required")),
    ] = "optional"
    engine: Annotated[
        str,
        "tidegate: the page of this service. ground-truth: labelling jobs of SageMaker Ground "
        f"Truth for a private work team, closed to new customers since {CLOSED}.",
        OneOf((TIDEGATE, GROUND_TRUTH)),
    ] = TIDEGATE
    enrolled: Annotated[
        bool, "Whether the account has Ground Truth already; its engine needs it."
    ] = False
    work_team: Annotated[
        str | None,
        "Of ground-truth: ARN of the private work team that labels; its people have a portal of "
        "their own.",
        Matches(
            pattern=r"arn:aws:sagemaker:[a-z0-9-]+:[0-9]{12}:workteam/private-crowd/[a-zA-Z0-9-]+",
            words="arn:aws:sagemaker:REGION:ACCOUNT:workteam/private-crowd/NAME",
        ),
    ] = None

    @property
    def is_image(self) -> bool:
        """Whether items are images."""
        return self.task in {IMAGE_CLASS, IMAGE_BOXES}


def sign_in(settings: LabellingSettings) -> SignIn | None:
    """How people sign in; None of a work team, which has a portal of its own."""
    if settings.engine == GROUND_TRUTH:
        return None
    own = settings.sign_in
    issuer = None
    if own is not None:
        issuer = Issuer(
            issuer=own.issuer, client=own.client, authorize=own.authorize, token=own.token
        )
    return SignIn(page=PAGE, issuer=issuer)


def ours(ports: ServicePorts) -> None:
    """Nothing of our engine; ProblemError says where labels of the closed one are."""
    if ports.settings.engine == GROUND_TRUTH:
        raise unusable(
            "Ground Truth labels for this service: 'results' tells of each manifest where its "
            "labels are"
        )


def outcomes_of(settings: LabellingSettings) -> str | None:
    """The model whose predictions are looked at."""
    return None if settings.from_model is None else settings.from_model.model


def faults(settings: LabellingSettings) -> tuple[str, ...]:
    """Each rule that more than one setting makes."""
    return tuple(fault for rule in _RULES for fault in rule(settings))


def _class_faults(settings: LabellingSettings) -> list[str]:
    found = []
    if len(set(settings.classes)) < len(settings.classes):
        found.append("classes must differ from one another")
    if len(settings.classes) == 1 and settings.task in {TEXT_CLASS, IMAGE_CLASS}:
        found.append("classes are one, which leaves nothing to choose: name two at least")
    return found


def _people_faults(settings: LabellingSettings) -> list[str]:
    found = []
    if settings.gold is not None:
        found += [f"gold {fault}" for fault in gold_of(settings.gold, settings)[1]]
    if settings.sign_in is not None and settings.mfa != "optional":
        found.append("mfa is for the user pool: the provider of sign_in has its own")
    return found


def _model_faults(settings: LabellingSettings) -> list[str]:
    if settings.from_model is None or settings.task in {TEXT_CLASS, IMAGE_CLASS}:
        return []
    words = "from_model needs predictions of one class, which are right or wrong"
    return [f"{words}: task is {settings.task}, must be {TEXT_CLASS} or {IMAGE_CLASS}"]


def _engine_faults(settings: LabellingSettings) -> list[str]:
    if settings.engine != GROUND_TRUTH:
        unused = settings.work_team is not None
        return [f"work_team is for engine {GROUND_TRUTH}: drop it"] if unused else []
    found = []
    if settings.work_team is None:
        found.append(f"work_team is missing: engine {GROUND_TRUTH} needs a private work team")
    if not settings.enrolled:
        found.append(
            f"engine is {GROUND_TRUTH}, which new customers do not get since {CLOSED}: take "
            f"{TIDEGATE}, or say enrolled: true where the account has it"
        )
    found += [
        f"engine is {GROUND_TRUTH}, which has no {name}: drop it, or take {TIDEGATE}"
        for name in ("gold", "from_model", "sign_in")
        if getattr(settings, name) is not None
    ]
    return found


_RULES: tuple[Callable[[LabellingSettings], list[str]], ...] = (
    _class_faults,
    _people_faults,
    _model_faults,
    _engine_faults,
)
