"""An account's team: teammates, invitations, joining, and the groups of Clerk."""
