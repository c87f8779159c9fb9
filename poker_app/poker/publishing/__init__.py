"""Publishing a session's changes to browsers: events, the queue, the publisher thread, message counts, closing
sockets."""
