"""Faceup's command line: a client of the API, and the example of how to use it."""

VERSION = "0.1.0"
