"""Plans and payments: the page, the webhook, and the pages of the provider that takes no money."""
