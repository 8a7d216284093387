"""What is done about a monitor's findings: nothing more, a retraining, or a way back.

`decide` is a function of the plan, the memory of what was done, the findings and the world around.
"""
