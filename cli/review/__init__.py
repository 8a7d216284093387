"""The review of a project's own code: analysers, their findings, and the report of a build."""
