"""Notebook instances: one stack for all of a stage."""

from collections.abc import Iterator

from aws_cdk import App, Stack

from stacks.composition.deployment import Given
from stacks.notebook_stack import NotebooksProps, NotebookStack


def add_notebooks(app: App, given: Given) -> Iterator[Stack]:
    """Where people explore, if the project has notebooks."""
    if not given.project.notebooks:
        return
    props = NotebooksProps(
        project=given.project.name,
        stage=given.stage,
        notebooks=given.project.notebooks,
        models=given.project.models,
        pointers=given.deployment.pointers,
        shelf=given.shelf,
    )
    yield NotebookStack(app, props=props)
