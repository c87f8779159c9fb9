"""The members of a session: joining, roles, presence, and which member a browser is."""
