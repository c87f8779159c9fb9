"""Who carries events to the browsers: the presets of each engine, the one client, the embedded server."""
