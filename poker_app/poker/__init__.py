"""A session from its first task to its report. Every change walks: lock, ask the rules, change, announce."""
