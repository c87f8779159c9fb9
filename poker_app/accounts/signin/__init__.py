"""Signing in and up: passwords, links, providers, two-factor codes, login sessions."""
