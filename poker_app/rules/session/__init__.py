"""A session in play as one immutable value, and every change to it as a pure function."""
