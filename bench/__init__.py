"""Benchmarks: the real server, with clients that send what browsers send, beside a server that only forwards."""
