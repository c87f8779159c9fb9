"""Who belongs to an account: teammates, invitations, joining, and the groups of Clerk."""
