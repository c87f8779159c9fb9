"""The application for any WSGI server and for serverless functions."""

from poker_app import create_app

app = create_app()
