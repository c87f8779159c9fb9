"""The pages of signing in and up, and Clerk's webhook."""
