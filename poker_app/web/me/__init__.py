"""One's own pages: profile, two-factor sign-in, my data."""
