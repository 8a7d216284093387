"""Honestly better: boosted trees that also know how late the flight left the gate."""
