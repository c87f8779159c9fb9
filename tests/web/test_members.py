"""Who sits at the table, and what they are there."""

import pytest

from tests.cast import HTMX, Clock
from tests.web.route_checks import ENDED, STRANGER, Litany, Route, says
from tests.world.pages import Scene

PEOPLE = frozenset({"vote-table", "task", "backlog", "actions", "people"})
NOBODY = "That member is not in this session any more."


def may_not(what: str) -> tuple[str, str]:
    return "ben", f"Only a facilitator may {what}."


def leaves(scene: Scene) -> None:
    scene.ben.post(f"{scene.table.path}/me/departure")


def ends(scene: Scene) -> None:
    scene.ada.ends(scene.table)


def shared(scene: Scene) -> None:
    scene.ada.post(f"{scene.table.path}/facilitators", {"member": scene.ids["ben"]})


def hands_over(scene: Scene) -> None:
    scene.ben.post(f"{scene.table.path}/facilitators/resignation")


class TestMembers(Litany):
    routes = {
        "rename": Route(
            "me",
            {"member_name": "Benjamin"},
            by="ben",
            leads_to="{room}",
            wrong=(
                ({"member_name": ""}, "Enter your name."),
                ({"member_name": "x" * 41}, "A name has at most 40 characters; this one has 41."),
            ),
        ),
        "watch": Route(
            "me/role",
            {"role": "spectator"},
            by="ben",
            wrong=tuple(({"role": role}, "Choose whether you vote or watch.") for role in ("", "facilitator")),
        ),
        "vote": Route("me/role", {"role": "voter"}, by="cleo"),
        "leave": Route("me/departure", by="ben", leads_to="/", moments=()),
        "come back": Route("me/return", by="ben", before=leaves),
        "share": Route("facilitators", {"member": "{ben}"}, regions=PEOPLE, role=may_not("share the role")),
        "hand over": Route(
            "facilitators", {"member": "{ben}", "instead": "1"}, regions=PEOPLE, role=may_not("hand over the role")
        ),
        "step down": Route(
            "facilitators/resignation",
            before=shared,
            regions=PEOPLE,
            moments=(
                (ends, ENDED),
                (hands_over, "You are the only facilitator. Hand the role over to somebody first."),
            ),
        ),
        "remove": Route("members/{ben}/removal", regions=PEOPLE, role=may_not("remove a member")),
        "nudge": Route(
            "members/{ben}/nudge",
            regions=frozenset({"notice"}),
            role=("cleo", "Only a facilitator may nudge a member."),
        ),
        "nudge all": Route(
            "members/nudge",
            regions=frozenset({"notice"}),
            role=("cleo", "Only a facilitator may nudge a member."),
        ),
    }


def test_a_nudge_says_who_was_asked(scene: Scene) -> None:
    path = f"{scene.table.path}/members/nudge"
    for name in ("Dora", "Emil"):
        scene.cast.person(name).joins(scene.table)
    assert "Nudge all 3 who have not voted" in scene.ada.get(f"{scene.table.path}/people", headers=HTMX).text
    assert "Nudge" not in scene.ben.get(f"{scene.table.path}/people", headers=HTMX).text
    assert says(scene.ada.post(path), "Nudged Ben, Dora, Emil.")
    assert says(scene.ada.post(path), "Not nudged: they have voted, or were asked less than 20 seconds ago.")
    for name in ("Fay", "Gil", "Hana", "Ira", "Jon", "Kim", "Lea"):
        scene.cast.person(name).joins(scene.table)
    assert says(scene.ada.post(path), "Nudged 7 members.")


def test_taking_over_a_table_without_a_facilitator(scene: Scene) -> None:
    path = f"{scene.table.path}/facilitators"
    early = scene.ben.post(path)
    assert early.status_code == 409
    assert says(early, "You can take over after 2 minutes without one.")
    scene.ada.votes(scene.table, "5")
    scene.ada.post(f"{scene.table.path}/me/departure")
    table = scene.cleo.get(f"{scene.table.path}/vote-table").text
    assert "Facilitator" not in scene.cleo.get(f"{scene.table.path}/people", headers=HTMX).text
    assert "Voted" not in table
    assert "0 of 1 have voted" in table
    assert scene.ben.post(path).status_code == 200
    assert scene.ben.seat(scene.table).facilitates
    assert not scene.ada.seat(scene.table).facilitates
    assert scene.mallory.post(path).status_code == 404


def test_nobody_is_removed_twice_or_removes_themselves(scene: Scene) -> None:
    gone = f"{scene.table.path}/members/{scene.ids['ben']}/removal"
    assert scene.ada.post(gone).status_code == 200
    again = scene.ada.post(gone)
    assert (again.status_code, says(again, NOBODY)) == (404, True)
    own = scene.ada.post(f"{scene.table.path}/members/{scene.ids['ada']}/removal")
    assert (own.status_code, says(own, "You cannot remove yourself. Leave the session instead.")) == (422, True)


def test_a_removed_member_is_a_stranger_who_may_join_again(scene: Scene) -> None:
    shared(scene)
    scene.ada.post(f"{scene.table.path}/members/{scene.ids['ben']}/removal")
    for answer in (
        scene.ben.get(f"{scene.table.path}/vote-table"),
        scene.ben.get(f"{scene.table.path}/report"),
        scene.ben.votes(scene.table, "5"),
        scene.ben.post(f"{scene.table.path}/me/role", {"role": "spectator"}),
        scene.ben.post(f"{scene.table.path}/channel-auth"),
    ):
        assert (answer.status_code, says(answer, STRANGER)) == (404, True)
    room = scene.ben.get(scene.table.path)
    assert (room.status_code, room.location) == (303, f"{scene.table.path}/join")
    assert says(scene.ben.get(room.location), "A facilitator removed you from this session.")
    scene.ben.joins(scene.table)
    assert scene.ben.seat(scene.table).id == scene.ids["ben"]
    assert not scene.ben.seat(scene.table).facilitates
    assert scene.ben.votes(scene.table, "5").status_code == 200


def test_people_as_a_page_and_as_a_fragment(scene: Scene) -> None:
    path = f"{scene.table.path}/people"
    removal = f'action="{scene.table.path}/members/{scene.ids["ben"]}/removal"'
    for person, tools in ((scene.ada, True), (scene.cleo, False)):
        for headers in (HTMX, {}):
            answer = person.get(path, headers=headers)
            assert answer.status_code == 200
            assert says(answer, "3 members")
            assert ("<!doctype html>" in answer.text.lower()) == (not headers)
            assert (removal in answer.text) == tools
    assert scene.mallory.get(path).status_code == 404


@pytest.mark.parametrize("sent", [{"member": "nonsense"}, {"member": "nonsense", "instead": "1"}])
def test_a_role_for_nobody(scene: Scene, sent: dict[str, str]) -> None:
    answer = scene.ada.post(f"{scene.table.path}/facilitators", sent)
    assert (answer.status_code, says(answer, NOBODY)) == (404, True)


def test_a_second_tab_is_the_same_member(scene: Scene) -> None:
    tab = scene.cast.person("Ben")
    cookie = scene.ben.browser.get_cookie("guest")
    assert cookie
    assert (cookie.http_only, cookie.same_site, cookie.path) == (True, "Lax", "/")
    tab.browser.set_cookie("guest", cookie.value)
    assert tab.votes(scene.table, "8").status_code == 200
    assert 'value="8" aria-label="8" checked' in scene.ben.get(scene.table.path).text
    assert scene.ben.seat(scene.table).id == scene.ids["ben"]


def test_a_name_typed_on_another_member_s_page(scene: Scene) -> None:
    """As where somebody else has signed in in this browser since."""
    before = scene.rows()
    path, form = f"{scene.table.path}/me", {"member_name": "Countess", "member": scene.ids["ada"]}
    answer = scene.ben.post(path, form)
    assert (answer.status_code, says(answer, "This page was opened by another member, so nothing was saved.")) == (
        409,
        True,
    )
    assert scene.rows() == before
    assert scene.ben.post(path, {**form, "member": scene.ids["ben"]}).status_code == 200
    assert scene.ids["ben"] in scene.ben.get(f"{scene.table.path}/people", headers=HTMX).text


def test_whoever_left_comes_back_through_the_link(scene: Scene) -> None:
    leaves(scene)
    assert scene.ben.seat(scene.table).left_at is not None
    for path in ("", "/join"):
        page = scene.ben.get(f"{scene.table.path}{path}", follow_redirects=True)
        assert (page.status_code, says(page, "You left this session")) == (200, True)
        assert f'action="{scene.table.path}/me/return"' in page.text
    assert scene.ben.seat(scene.table).left_at is not None
    answer = scene.ben.post(f"{scene.table.path}/me/return", htmx=False)
    assert (answer.status_code, answer.location) == (303, scene.table.path)
    assert scene.ben.seat(scene.table).left_at is None
    assert says(scene.ben.get(scene.table.path), "Your card")


def test_only_a_card_that_was_played_waits_for_who_left(scene: Scene) -> None:
    leaves(scene)
    assert says(scene.ben.get(scene.table.path), "You can come back as Ben.")
    scene.ben.post(f"{scene.table.path}/me/return", htmx=False)
    scene.ben.votes(scene.table, "5")
    leaves(scene)
    assert says(scene.ben.get(scene.table.path), "You can come back as Ben, with the card you played.")


def test_joining_anew_is_coming_back_too(scene: Scene) -> None:
    leaves(scene)
    scene.ben.post(f"{scene.table.path}/members", {"member_name": "Ben", "role": "spectator"}, htmx=False)
    assert (scene.ben.seat(scene.table).left_at, scene.ben.seat(scene.table).votes) == (None, False)


def test_a_tab_that_was_forgotten_seats_nobody(scene: Scene, clock: Clock) -> None:
    """Polls, fragments, channels and a card sent late: none of them is coming back."""
    path, round_id = scene.table.path, scene.table.round
    scene.ben.votes(scene.table, "5")
    leaves(scene)
    clock.forward(minutes=1)
    before = scene.rows()
    for region in ("vote-table", "task", "backlog", "actions", "people", ""):
        assert scene.ben.get(f"{path}/{region}".rstrip("/"), headers=HTMX).status_code == 200
    for where, form in (
        ("channel-auth", {"channel_name": f"presence-planning-poker-{scene.table.id}", "socket_id": "1.2"}),
        ("user-auth", {"socket_id": "1.2"}),
    ):
        scene.ben.post(f"{path}/{where}", form)
    for where, form in (
        ("votes", {"round": round_id, "card": "8"}),
        ("votes/retraction", {"round": round_id}),
        ("me/role", {"role": "spectator"}),
        ("me", {"member_name": "Benjamin"}),
    ):
        answer = scene.ben.post(f"{path}/{where}", form)
        assert (answer.status_code, says(answer, "You left this session. Come back to go on.")) == (409, True), where
        assert f'hx-post="{path}/me/return"' in answer.text
        assert 'name="card"' not in answer.text
    assert scene.rows() == before

    # what the tab shows: the table names who left, and the hand is gone
    assert f'data-left="{scene.ids["ben"]}"' in scene.ben.get(f"{path}/vote-table").text
    shown = scene.ben.get(f"{path}/actions", headers=HTMX).text
    assert "You left this session." in shown
    assert "data-votes" not in shown
    back = scene.ben.post(f"{path}/me/return")
    assert 'data-left=""' in back.text
    assert 'value="5" aria-label="5" checked' in back.text
