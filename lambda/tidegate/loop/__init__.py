"""The release loop: one function a task, each safe to run twice and to kill at any line.

Every task loads the record, yields when its epoch is no longer the record's, does one thing, and
stores what a pure decision says. Nothing is kept between tasks but the stores.
"""
