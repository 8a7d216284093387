"""Measures the monitor: false alarms of simulated years, and requests until drift is found."""
