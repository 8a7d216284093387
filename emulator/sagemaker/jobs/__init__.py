"""Training and processing jobs: scripts of users in real processes, by SageMaker's contracts.

`operations` answers the API for both kinds, `training` and `processing` say what is special about
each, `script` runs the process, `inputs` and `outputs` move data as the execution role. There are
no containers here: `/opt/ml` is a folder of the job, and what a script is told of its paths (the
`SM_*` variables, arguments, configuration files) names places in that folder.
"""
