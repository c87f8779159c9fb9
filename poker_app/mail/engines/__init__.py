"""Ways to send mail: each delivers one message or raises OSError."""
