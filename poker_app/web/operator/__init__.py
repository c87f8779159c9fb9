"""For operators and their machines: the operator's page, metrics, health, the daily job."""
