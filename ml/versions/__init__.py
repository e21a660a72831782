"""The versions of each ML model: kept, loaded, decided upon, made again, compared."""
