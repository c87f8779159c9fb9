"""How fast the table is: the real server, spoken to as browsers speak, beside a server that only forwards."""
