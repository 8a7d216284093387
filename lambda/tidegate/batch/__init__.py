"""Offline inference: a model's version asked about whole data sets, and what became of each record.

A run validates its input before anything is paid for, transforms it in rounds, checks that every
record came back, and keeps apart what the model cannot answer. Everything here is pure but for the
ports in `ports.py`; state is what was written to them, so a run may die anywhere and go on.
"""
