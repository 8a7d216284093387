"""Real models with their training code and data; nothing in the product imports them."""
