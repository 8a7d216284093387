"""The function that asks models in staging what the project's files of requests say."""
