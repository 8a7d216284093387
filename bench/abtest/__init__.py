"""How good A/B verdicts are: requests to decision against an oracle, wrong winners, regret."""
