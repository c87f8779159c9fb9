"""A server of the Pusher Channels protocol 7 inside this process, so that nothing else need be installed.

``app`` is the ASGI application, of ``listener`` (messages of browsers) and ``api`` (the signed HTTP API) around one
``hub``. ``running_hub`` holds that hub for the rest of the process.
"""
