"""Models that SageMaker's built-in algorithms train on the flights: scripts, data, projects."""
