"""Signing in and up: passwords, mailed links, logins at providers, two-factor codes, Clerk's webhooks, login
sessions."""
