"""The stores that files may lie in."""
