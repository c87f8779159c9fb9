"""A session from its first task to its report. Every change: load, decide, store, publish (``change``)."""
