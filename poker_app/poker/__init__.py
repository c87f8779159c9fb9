"""Everything of a poker session: changes, members, rounds, tasks, reports. Every change loads, decides, stores and
publishes (``change``)."""
