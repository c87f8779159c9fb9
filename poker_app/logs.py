"""Structured logs: one line an event, with the request's id, and neither secrets nor votes."""

import logging

import structlog

from poker_app.settings import Settings


def configure(settings: Settings) -> None:
    """Lines for people or for machines, from the wanted level on. Form fields are never logged."""
    level = getattr(logging, settings.log_level.upper())
    renderer = structlog.processors.JSONRenderer() if settings.log_format == "json" else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # A logger that is kept would keep the level of the first application in the process.
        cache_logger_on_first_use=False,
    )
