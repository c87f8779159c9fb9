"""Read models: a session's report, its export files, and the dashboard."""
