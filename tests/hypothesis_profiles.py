"""What hypothesis tries: always the same, so that a change is turned away only for what it did; or, searching, what
nothing has tried before.

``make long`` searches (``--hypothesis-profile search -m "long or hypothesis"``). What it finds is mended, and its
smallest input becomes an ``@example``. Neither has a limit in wall time, which a busy machine uses up.
"""

from hypothesis import HealthCheck, settings

ALWAYS = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}

settings.register_profile("fixed", derandomize=True, **ALWAYS)
settings.register_profile("search", derandomize=False, max_examples=2_000, **ALWAYS)
settings.load_profile("fixed")
