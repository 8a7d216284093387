"""What a release will take by each strategy: time, risk and cost, computed from the plan."""
