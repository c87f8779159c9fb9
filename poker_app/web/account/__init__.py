"""The pages of an account: settings, teammates, invitations, audit log."""
