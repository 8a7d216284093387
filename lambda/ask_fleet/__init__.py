"""The function in a fleet's network: it asks the load balancer, and nothing else."""
