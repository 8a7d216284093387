"""Batch transform: a model's containers asked about every object of a data set.

`operations` answers the API, `recipe` reads a request once, `running` carries a job out; splitting,
filters, joining and names are pure. Source of the behaviour: "Use batch transform" and "Associate
prediction results with input records" of the SageMaker developer guide, and the API reference.
"""
