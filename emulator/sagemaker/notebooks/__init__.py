"""Notebook instances: a Jupyter server of this machine, under the instance's role, if there is one.

Statuses, refusals and the URL are AWS's. Lifecycle configurations are kept and checked; their
scripts are written for root on an instance of AWS, and are not run here.
"""
