"""The engine ``fanout``: a GRIP proxy (Pushpin, Fastly Fanout) holds the sockets, and calls a stateless view.

``proxy`` holds all that is GRIP, ``sockets`` the view, ``hub`` the publishing. The messages of browsers and the limits
of an event are the embedded server's, whose modules are imported.
"""
