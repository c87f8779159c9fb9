"""The page of a session: members, tasks, rounds, timer, report, and the sockets' authorization."""
