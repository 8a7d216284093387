"""Source from a Git repository over a connection; here a folder of this machine stands for it."""

from emulator.codepipeline.context import Context, Outcome
from emulator.codepipeline.errors import CONFIGURATION_ERROR, JOB_FAILED, ActionError
from emulator.codepipeline.state import Revision
from emulator.seams.services import Permission

_CLONE = "CODEBUILD_CLONE_REF"


def run(context: Context) -> Outcome:
    """The files of the branch are the output artifact; the commit is the revision."""
    arn = context.required("ConnectionArn")
    repository, branch = context.required("FullRepositoryId"), context.required("BranchName")
    if context.configuration.get("OutputArtifactFormat") == _CLONE:
        raise ActionError(
            CONFIGURATION_ERROR,
            f"The embedded cloud does not emulate OutputArtifactFormat {_CLONE}: CODE_ZIP is",
        )
    # The permission is asked in the name that the connection's ARN has: both are in use.
    action = f"{arn.split(':')[2]}:UseConnection"
    context.require(Permission(action=action, resource=arn))
    override = context.execution.overrides.get(context.run.declaration.name)
    commit = None if override is None else override.value
    try:
        found = context.services.connections.archive(arn, repository, branch, commit)
    except LookupError as error:
        raise ActionError(JOB_FAILED, f"[{repository}] {error.args[0]}") from error
    archive = context.folder / "source.zip"
    archive.write_bytes(found.content)
    name = context.outputs[0]
    context.put_output(name, archive)
    context.run.revision = Revision(
        action=context.run.declaration.name,
        artifact=name,
        revision_id=found.commit,
        summary=found.message,
        created=found.committed,
    )
    return Outcome(
        variables={
            "BranchName": branch,
            "CommitId": found.commit,
            "CommitMessage": found.message,
            "AuthorDate": found.author_date,
            "ConnectionArn": arn,
            "FullRepositoryName": repository,
        },
        summary=found.message,
    )
