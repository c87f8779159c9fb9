"""A GRIP proxy (Pushpin, Fastly Fanout) holds the sockets, and asks a view that remembers nothing.

``proxy`` is all that is said in GRIP, ``sockets`` the view, ``hub`` the way of an event. What a browser may say and the
limits of an event are the embedded server's own, whose words these modules borrow.
"""
