"""Training jobs: script mode of SageMaker's framework containers, by its training toolkit."""
