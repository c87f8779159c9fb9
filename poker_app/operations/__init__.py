"""Watching over the service: the jobs' runs, what an operator looks at, and what is wrong with a deployment."""
