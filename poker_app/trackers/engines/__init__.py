"""One module a tracker: how it is asked and written to."""
