"""A round and its task: votes, the reveal, the estimate, and the backlog."""
