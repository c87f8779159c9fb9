"""The front page, the dashboard, and series."""
