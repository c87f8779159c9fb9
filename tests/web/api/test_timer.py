"""The timer through the API."""

from tests.api_client import Program
from tests.cast import Clock


def test_it_runs_pauses_and_stops(clock: Clock, tim: Program) -> None:
    path = f"/sessions/{tim.opens(timer_length=60)['id']}/timer"
    assert tim.get(path).get_json() == {"ends_at": None, "remaining": None}
    assert tim.post(path).get_json()["remaining"] is None
    clock.forward(seconds=10)
    assert tim.post(f"{path}/pause").get_json() == {"ends_at": None, "remaining": 50}
    assert tim.post(f"{path}/resume").get_json()["ends_at"] is not None
    assert tim.delete(path).status_code == 204
    assert tim.get(path).get_json() == {"ends_at": None, "remaining": None}


def test_only_facilitators_set_it(tim: Program, mallory: Program) -> None:
    path = f"/sessions/{tim.opens()['id']}"
    mallory.post(f"{path}/members")
    assert mallory.post(f"{path}/timer").status_code == 403
