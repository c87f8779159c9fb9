"""What is read afterwards: a session's report, its files, and the dashboard."""
