"""The embedded server's limits on what comes from the network, before any page or channel is asked.

``limits`` holds the figures and counts what each network uses; ``http`` and ``sockets`` are uvicorn's two protocols
with the limits in them. ``fair_queue`` is what requests wait in for a thread.
"""
