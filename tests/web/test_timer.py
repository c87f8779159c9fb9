"""The countdown's buttons."""

from tests.web.route_checks import Litany, Route
from tests.world.pages import Scene

MAY_NOT = ("ben", "Only a facilitator may set the timer.")


def started(scene: Scene) -> None:
    scene.ada.post(f"{scene.table.path}/timer")


def paused(scene: Scene) -> None:
    started(scene)
    scene.ada.post(f"{scene.table.path}/timer/pause")


class TestTimer(Litany):
    routes = {
        "start": Route("timer", role=MAY_NOT),
        "pause": Route("timer/pause", before=started, role=MAY_NOT),
        "resume": Route("timer/resumption", before=paused, role=MAY_NOT),
        "stop": Route("timer/removal", before=started, role=MAY_NOT),
    }


def test_it_survives_a_reload_and_is_the_same_for_all(scene: Scene) -> None:
    started(scene)
    ends = f'data-timer-ends="{int(scene.table.row.timer_ends_at.timestamp() * 1000)}"'
    for person in (scene.ada, scene.ben, scene.cleo):
        assert ends in person.get(scene.table.path).text
    scene.ada.post(f"{scene.table.path}/timer/pause")
    for person in (scene.ada, scene.ben, scene.cleo):
        page = person.get(scene.table.path).text
        assert ends not in page
        assert f'data-timer-left="{scene.table.row.timer_remaining}"' in page
