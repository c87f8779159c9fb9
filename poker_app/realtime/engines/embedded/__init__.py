"""A server of the Pusher Channels protocol 7 for one process, so that nothing else need be installed.

``app`` is the ASGI application, of ``listener`` (the browsers) and ``api`` (the signed HTTP API) around one ``hub``.
``running_hub`` tells the rest of the process where that hub is.
"""
