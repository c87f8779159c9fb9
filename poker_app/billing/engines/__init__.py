"""Payment providers behind one port: see ``poker_app.billing.active_provider``."""
