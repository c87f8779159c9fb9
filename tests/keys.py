"""Keys that every server of the tests has, so that none writes one of its own into instance/."""

TRACKER_KEYS = ["dGhpcnR5LXR3byBieXRlcyB0aGF0IHRlc3RzIHVzZSE="]
