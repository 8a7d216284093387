"""What is provisioned: one stack a deploy unit. Only `app.py` reads context and environment."""
