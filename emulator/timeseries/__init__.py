"""Forecasts of time series, for every service of the embedded cloud that forecasts.

`frequency` and `series` make regular series of dated rows; `engine` (numpy, scikit-learn) forecasts
them in a process of its own, `worker`, so that the server stays small.
"""
