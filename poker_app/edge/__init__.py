"""Limits of the embedded server on what comes from the network, checked before any page or channel is asked.

``limits`` holds the figures and counts what each network uses; ``http`` and ``websockets`` are uvicorn's two protocols
with the limits in them. ``fair_queue`` is the queue in which requests wait for a thread.
"""
