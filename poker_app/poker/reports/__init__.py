"""Read models: a session's report, its export files and the import of one, and the dashboard."""
