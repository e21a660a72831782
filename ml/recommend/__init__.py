"""Which items a user will like: ratings and choices learnt by matrix factorisation."""
