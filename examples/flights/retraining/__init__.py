"""What SageMaker runs to train the model anew: scripts of a training pipeline.

`python -m examples.flights.retraining --output build/flights/retraining` puts them together with
the code that serves, since a job gets one folder and nothing of this project.
"""
