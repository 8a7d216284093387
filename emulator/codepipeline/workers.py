"""Runs one action or rule: its record, its role, its variables, and how it ended."""

import logging
import shutil
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from emulator.codepipeline import variables
from emulator.codepipeline.announcements import Announcer
from emulator.codepipeline.context import Context, Services
from emulator.codepipeline.declaration import ActionDeclaration, RuleDeclaration
from emulator.codepipeline.errors import (
    CONFIGURATION_ERROR,
    JOB_FAILED,
    AbandonedError,
    ActionError,
)
from emulator.codepipeline.providers.table import ACTIONS, RULES, Provider
from emulator.codepipeline.sessions import explained
from emulator.codepipeline.state import ActionStatus, Artifact, Execution, Pipeline, WorkRun

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """Carries out actions and rules, each on the thread that calls."""

    services: Services
    announcer: Announcer
    directory: Path
    now: Callable[[], float]

    def begin(
        self, pipeline: Pipeline, execution: Execution, stage: str,
        declared: ActionDeclaration | RuleDeclaration,
    ) -> WorkRun:  # fmt: skip
        """The run exists and is in progress; what it finds out is remembered with the execution."""
        now = self.now()
        run = WorkRun(
            id=str(uuid.uuid4()),
            stage=stage,
            execution_id=execution.id,
            version=execution.version,
            declaration=declared,
            started=now,
            updated=now,
        )
        execution.work.append(run)
        if isinstance(declared, ActionDeclaration):
            self.announcer.action(pipeline, execution, run)
        return run

    def carry_out(self, pipeline: Pipeline, execution: Execution, run: WorkRun) -> None:
        """The run has ended, and its status and error say how."""
        self.directory.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=self.directory))
        status = ActionStatus.FAILED
        try:
            self._work(pipeline, execution, run, folder)
            status = ActionStatus.ABANDONED if run.abandoned else ActionStatus.SUCCEEDED
        except AbandonedError:
            status = ActionStatus.ABANDONED
        except ActionError as error:
            run.error = (error.code, error.message)
            run.external_id = error.external_id or run.external_id
        except ClientError as error:
            run.error = (explained(error).code, explained(error).message)
        except BotoCoreError as error:
            run.error = (CONFIGURATION_ERROR, str(error))
        except Exception:  # noqa: BLE001 - a stage must end whatever happens
            _log.exception("%s of %s failed", run.declaration.name, pipeline.name)
            run.error = (JOB_FAILED, "the embedded cloud failed, see its log")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        run.updated = self.now()
        run.status = status
        if isinstance(run.declaration, ActionDeclaration):
            self.announcer.action(pipeline, execution, run)

    def _work(self, pipeline: Pipeline, execution: Execution, run: WorkRun, folder: Path) -> None:
        declared = run.declaration
        run.inputs = _inputs(execution, declared.inputs)
        run.resolved = declared.configuration
        run.resolved = variables.resolved(
            declared.configuration,
            {
                **execution.namespaces,
                "variables": execution.variables,
                "codepipeline": {"PipelineExecutionId": execution.id},
            },
        )
        provider = _provider_of(declared)
        minutes = declared.timeout_minutes if isinstance(declared, ActionDeclaration) else None
        region = declared.region if isinstance(declared, ActionDeclaration) else None
        context = Context(
            pipeline=pipeline,
            execution=execution,
            run=run,
            services=self.services,
            configuration=run.resolved,
            folder=folder,
            timeout_seconds=provider.timeout_seconds if minutes is None else 60.0 * minutes,
            region=region or pipeline.tenant.region,
            outputs=declared.outputs if isinstance(declared, ActionDeclaration) else (),
        )
        outcome = provider.run(context)
        run.variables = outcome.variables
        run.summary = outcome.summary or run.summary


def _provider_of(declared: ActionDeclaration | RuleDeclaration) -> Provider:
    if isinstance(declared, ActionDeclaration):
        return ACTIONS[declared.category, declared.provider]
    return RULES[declared.provider]


def _inputs(execution: Execution, names: tuple[str, ...]) -> dict[str, Artifact]:
    missing = [name for name in names if name not in execution.artifacts]
    if missing:
        raise ActionError(
            JOB_FAILED,
            f"The input artifacts {', '.join(missing)} were not made by an earlier action",
        )
    return {name: execution.artifacts[name] for name in names}
