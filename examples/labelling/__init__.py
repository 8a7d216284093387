"""Letters of customers, sorted by people, and a model that learns from what they said."""
