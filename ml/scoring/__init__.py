"""How what a model tells gets into ``predictions.<model>``, and what is kept of it."""
