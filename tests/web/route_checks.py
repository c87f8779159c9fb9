"""The same questions for every route: does it work, and who, when and with what is refused."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from typing import ClassVar

from werkzeug.test import TestResponse

from tests.cast import Person
from tests.world.pages import Scene

ENDED = "The session has ended."
STRANGER = "You are not at this table. Open the invitation link to join it."


Step = Callable[[Scene], object]


@dataclass(frozen=True)
class Route:
    """A form of the product. Paths are below the session's; ``by`` is who may send it.

    ``role``: who may not, and the sentence. ``moments``: what makes it too late or too early, and the sentence.
    ``wrong``: fields that cannot be used, and the sentence.
    """

    path: str
    form: dict[str, str] = field(default_factory=dict)
    by: str = "ada"
    before: Step = lambda scene: None
    regions: frozenset[str] = frozenset({"vote-table", "task", "backlog", "actions"})
    role: tuple[str, str] | None = None
    moments: tuple[tuple[Step, str], ...] = ((lambda scene: scene.ada.ends(scene.table), ENDED),)
    wrong: tuple[tuple[dict[str, str], str], ...] = ()
    leads_to: str = ""

    def filled(self, scene: Scene) -> tuple[str, dict[str, str]]:
        """Address and fields as the page stands now."""
        return f"{scene.table.path}/{scene.fill(self.path)}", {
            name: scene.fill(text) for name, text in self.form.items()
        }

    def send(self, scene: Scene, person: Person, *, htmx: bool = True, **form: str) -> TestResponse:
        path, fields = self.filled(scene)
        return person.post(path, fields | form, htmx=htmx)


def regions(answer: TestResponse) -> set[str]:
    """The ids of the places on the page that an answer brings something for."""
    return set(re.findall(r'<hx-partial hx-target="#([\w-]+)"', answer.text))


def says(answer: TestResponse, sentence: str) -> bool:
    """Whether the page has the sentence; white space counts as a browser shows it."""
    return sentence in " ".join(unescape(answer.text).split())


class Litany:
    """Inherited by one class a blueprint, which names its routes."""

    routes: ClassVar[dict[str, Route]]

    def test_works_through_htmx(self, scene: Scene, route: Route) -> None:
        route.before(scene)
        before = scene.rows()
        answer = route.send(scene, getattr(scene, route.by))
        assert answer.status_code == 200, answer.text
        if route.leads_to:
            assert answer.headers["HX-Redirect"] == scene.fill(route.leads_to)
        else:
            assert regions(answer) == route.regions
        assert scene.rows() != before

    def test_works_as_a_plain_form(self, scene: Scene, route: Route) -> None:
        route.before(scene)
        before = scene.rows()
        answer = route.send(scene, getattr(scene, route.by), htmx=False)
        assert (answer.status_code, answer.location) == (303, scene.fill(route.leads_to) or scene.table.path)
        assert scene.rows() != before

    def test_is_not_there_for_a_stranger(self, scene: Scene) -> None:
        """What a stranger reads. That no route lets one in is asked by the table of roles."""
        route = next(iter(self.routes.values()))
        route.before(scene)
        before = scene.rows()
        for htmx in (True, False):
            answer = route.send(scene, scene.mallory, htmx=htmx)
            assert answer.status_code == 404
            assert says(answer, STRANGER)
            assert regions(answer) == ({"notice"} if htmx else set())
        assert scene.rows() == before

    def test_is_refused_to_the_wrong_role(self, scene: Scene, forbidden: Route) -> None:
        assert forbidden.role
        forbidden.before(scene)
        before = scene.rows()
        who, sentence = forbidden.role
        for htmx in (True, False):
            self._refused(forbidden.send(scene, getattr(scene, who), htmx=htmx), 403, sentence, htmx)
        assert scene.rows() == before

    def test_is_refused_at_the_wrong_moment(self, scene: Scene, untimely: tuple[Route, Step, str]) -> None:
        route, moment, sentence = untimely
        route.before(scene)
        path, fields = route.filled(scene)
        moment(scene)
        before = scene.rows()
        for htmx in (True, False):
            self._refused(getattr(scene, route.by).post(path, fields, htmx=htmx), 409, sentence, htmx)
        assert scene.rows() == before

    def test_is_refused_with_bad_input(self, scene: Scene, unusable: tuple[Route, dict[str, str], str]) -> None:
        route, form, sentence = unusable
        route.before(scene)
        before = scene.rows()
        for htmx in (True, False):
            answer = route.send(scene, getattr(scene, route.by), htmx=htmx, **form)
            assert answer.status_code == 422
            assert says(answer, sentence), answer.text
        assert scene.rows() == before

    @staticmethod
    def _refused(answer: TestResponse, status: int, sentence: str, htmx: bool) -> None:
        """One sentence, and through htmx the table as it is now."""
        assert answer.status_code == status, answer.text
        assert says(answer, sentence), answer.text
        assert regions(answer) == ({"notice", "vote-table", "task", "backlog", "actions"} if htmx else set())
