"""Hooks of every request: guards, errors, headers, the sign-in cookie; and the fragments that pages share."""
