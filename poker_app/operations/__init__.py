"""Operating the service: runs of the jobs, the operator's page, metrics, and the check of a deployment."""
