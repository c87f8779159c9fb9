"""A session as one value: its rows, loading and storing it, the cache, and the views made from it."""
