"""The realtime engines: where each listens, the client for all of them, the embedded server, and the view behind a GRIP
proxy."""
