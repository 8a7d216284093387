"""The function that takes the candidate's traffic away when the loop itself failed."""
