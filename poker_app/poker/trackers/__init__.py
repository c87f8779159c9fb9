"""Tasks that are issues of a tracker: brought in, kept true, and their estimates written back."""
