"""What browsers are told of a session's changes, and how: events, their queue, their cost, closing sockets."""
