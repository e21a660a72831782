"""A run: begun, watched, judged, recorded, published or not."""
