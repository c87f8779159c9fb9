"""Somebody in front of a browser, in the verbs of the product. Whatever goes wrong on their page is written down."""

import base64
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, Error, FilePayload, Locator, Page, Route, expect

from tests.cast import FROM_OUR_PAGE
from tests.mail_server import Letter, Post

PATIENCE = 15_000  # milliseconds; far more than anything takes, but the machine may be busy
WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
# As the browser does with files from elsewhere.
DROP = """(target, [event, files]) => {
  const transfer = new DataTransfer();
  for (const { name, mimeType, buffer } of files)
    transfer.items.add(new File([Uint8Array.from(atob(buffer), each => each.charCodeAt(0))], name, { type: mimeType }));
  const how = { bubbles: true, cancelable: true };
  if (event === 'paste') return target.dispatchEvent(new ClipboardEvent('paste', { ...how, clipboardData: transfer }));
  const over = ['dragenter', 'dragover'];
  for (const each of event === 'dragover' ? over : [...over, event])
    target.dispatchEvent(new DragEvent(each, { ...how, dataTransfer: transfer }));
}"""
SPOKEN = {"?": "Not sure", "☕": "Break"}


@dataclass(frozen=True)
class Table:
    """A session's addresses."""

    url: str
    link: str
    code: str

    @property
    def id(self) -> str:
        return self.url.rsplit("/", 1)[1]


class Person:
    """A browser of their own; ``another_tab`` opens a second page in it."""

    def __init__(
        self,
        browser: Browser,
        home: str,
        name: str,
        *,
        phone: bool = False,
        polls: bool = False,
        post: Post | None = None,
        **context: object,
    ) -> None:
        how = {"viewport": PHONE, "has_touch": True, "is_mobile": True} if phone else {"viewport": WIDE}
        self.home = home
        self.name = name
        self.email = f"{name.lower()}@example.com"
        self.post = post
        self.phone = phone
        self.polls = polls
        self.scripts = context.get("java_script_enabled", True)
        self.context = browser.new_context(**{"base_url": home, "reduced_motion": "reduce", **how, **context})
        self.asked: list[str] = []
        self._troubles: list[str] = []
        self._expected: list[str] = []
        self.page = self._open()

    def _open(self) -> Page:
        page = self.context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda said: said.type in ("error", "warning") and self._note(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: self._note(f"page error: {error}"))
        page.on("requestfailed", lambda asked: self._failed(asked.url, asked.failure or ""))
        page.on("response", lambda answer: answer.status >= 500 and self._note(f"{answer.status} {answer.url}"))
        page.on("dialog", lambda dialog: (self.asked.append(dialog.message), dialog.accept()))
        return page

    def _failed(self, url: str, why: str) -> None:
        if "ERR_ABORTED" not in why:  # the page was left while it asked
            self._note(f"request failed: {url} {why}")

    def _note(self, trouble: str) -> None:
        self._troubles.append(trouble)

    def expects(self, *patterns: str) -> None:
        """Troubles that belong to the story, as regular expressions."""
        self._expected += patterns

    @property
    def troubles(self) -> list[str]:
        """What went wrong on this person's pages and was not expected."""
        return [each for each in self._troubles if not any(re.search(known, each) for known in self._expected)]

    def another_tab(self) -> "Person":
        """The same browser, one more page: the same person with two pairs of hands."""
        twin = object.__new__(Person)
        twin.__dict__.update(self.__dict__)
        twin.page = twin._open()
        return twin

    def waits_for(self, held: list[Route]) -> Route:
        """The first request that a story holds back, once the page has sent it."""
        while not held:
            self.page.title()  # lets what happened in the browser be told
        return held.pop(0)

    # --- signing in

    def signs_in(self, name: str = "") -> "Person":
        """With a mailed link, from wherever the sign-in page is asked for; with a name the first time."""
        if "/sign-in" not in self.page.url:
            self.page.goto("/sign-in")
        self.page.get_by_label("Work email").fill(self.email)
        self.page.get_by_role("button", name="Email me a sign-in link").click()
        self.sees("Check your email")
        self.follows(self.opens_mail())
        field = self.page.get_by_label("Your name")
        if field.count():
            field.fill(name or self.name)
        self.page.locator("#main form button").click()
        expect(self.page).not_to_have_url(re.compile("/sign-in"))
        return self

    def signs_up(self, password: str) -> "Person":
        """With a name, an address and a password, confirmed by mail."""
        page = self.page
        page.goto("/sign-up")
        page.get_by_label("Your name").fill(self.name)
        page.get_by_label("Work email").fill(self.email)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign up").click()
        self.sees("Check your email")
        self.follows(self.opens_mail("Confirm your address"))
        page.get_by_role("button", name="Confirm and sign in").click()
        expect(page).not_to_have_url(re.compile("/sign-"))
        return self

    def tries_password(self, password: str) -> None:
        """Whether it is the right one, the page says."""
        self.page.goto("/sign-in/password")
        self.page.get_by_label("Email").fill(self.email)
        self.page.get_by_label("Password").fill(password)
        self.page.locator("#main").get_by_role("button", name="Sign in").click()

    def signs_out(self) -> None:
        self.chooses("Sign out")
        self.sees("Vote face down.")

    def chooses(self, name: str) -> None:
        """Something in the menu of whoever is signed in."""
        self.page.get_by_role("button", name="your menu").click()
        menu = self.page.locator("#user-menu")
        menu.get_by_role("button", name=name, exact=True).or_(menu.get_by_role("link", name=name, exact=True)).click()

    def is_signed_in(self) -> None:
        self.page.goto("/me")
        expect(self.page.get_by_role("heading", name="Profile")).to_be_visible()

    def is_signed_out(self) -> None:
        self.page.goto("/me")
        expect(self.page.get_by_role("heading", name="Sign in")).to_be_visible()

    def opens_mail(self, subject: str = "") -> Letter:
        """The next letter in one's mailbox that was not opened yet."""
        assert self.post, "this house sends no mail"
        letter = self.post.next_to(self.email)
        assert subject in letter.subject
        return letter

    def follows(self, letter: Letter) -> None:
        """Click the link of a letter."""
        self.page.goto(letter.link)

    # --- coming and going

    def opens(
        self,
        name: str = "Checkout team",
        deck: str = "Fibonacci",
        *,
        options: Sequence[str] = (),
        tasks: str = "",
        minutes: str = "",
        by_form: bool = False,
    ) -> Table:
        """Open a session and sit down as its facilitator. Where the form's first values will do, it is sent without its
        page, unless ``by_form``: the page costs half as much again, and has stories of its own."""
        if self.scripts and not by_form and not options and not minutes and deck == "Fibonacci":
            form = {"name": name, "deck": "fibonacci", "member_name": self.name, "tasks": tasks}
            self.page.goto(self._sends("/sessions", form))
            self.is_live()
            return self.here()
        page = self.page
        page.goto("/sessions/new")
        page.get_by_label("Session", exact=True).fill(name)
        page.get_by_label("Your name").fill(self.name)
        page.locator("label.opt", has=page.get_by_text(deck, exact=True)).click()
        if options or minutes:
            page.get_by_text("Options", exact=True).click()
            for option in options:
                page.get_by_role("checkbox", name=option).check()
            if minutes:
                page.get_by_label("Timer, in minutes").fill(minutes)
        page.get_by_role("button", name="Start session").click()
        page.wait_for_url(re.compile(r"/sessions/[a-z0-9]+$"))
        self.is_live()
        if tasks:
            self.adds(tasks)
        return self.here()

    def here(self) -> Table:
        """The table that this person sits at, as the invitation has it."""
        page = self.page
        link = page.locator("#invite input").get_attribute("value") or ""
        return Table(page.url, link, page.locator(".side .code").text_content() or "")

    def joins(self, table: Table, *, watching: bool = False, by_link: bool = False) -> "Person":
        """Take a seat: as the form does to which the invitation's link leads, or ``by_link`` in it."""
        if by_link or not self.scripts:
            self.page.goto(table.link)
            return self.takes_a_seat(watching=watching)
        role = "spectator" if watching else "voter"
        self.page.goto(self._sends(f"{table.url}/members", {"member_name": self.name, "role": role}))
        self.is_live()
        return self

    def _sends(self, address: str, form: dict[str, str]) -> str:
        """The address that a form leads to, sent by this browser without a page."""
        answer = self.context.request.post(address, form=form, headers=FROM_OUR_PAGE, max_redirects=0)
        assert answer.status == 303, answer.text()
        return answer.headers["location"]

    def takes_a_seat(self, *, watching: bool = False) -> "Person":
        self.page.get_by_label("Your name").fill(self.name)
        if watching:
            self.page.locator("label.opt", has_text="Watch").click()
        self.page.get_by_role("button", name="Join", exact=True).click()
        self.is_live()
        return self

    def is_live(self) -> None:
        """The page is connected, or, without scripts, simply there."""
        if self.scripts:
            state = "polling" if self.polls else "live"
            expect(self.page.locator("#connection")).to_have_attribute("data-state", state)

    def reloads(self) -> None:
        self.page.reload()
        self.is_live()

    def leaves(self) -> None:
        self.menu("Leave session")
        self.sees("Vote face down.")

    def comes_back(self) -> None:
        """After leaving, by the button."""
        self.page.get_by_role("button", name="Come back").click()
        expect(self.hand).to_be_visible()
        self.is_live()

    def goes(self) -> None:
        """Close the browser, as a laptop's lid does: without a word."""
        self.context.close()

    # --- the hand

    @property
    def hand(self) -> Locator:
        return self.page.locator("#hand")

    def card(self, card: str) -> Locator:
        return self.hand.get_by_role("radio", name=SPOKEN.get(card, card), exact=True)

    def picks(self, card: str) -> None:
        """Take a card and wait until the server has it."""
        self.touches(card)
        self.has_picked(card)

    def touches(self, card: str) -> None:
        self.hand.locator(".pick", has=self.page.get_by_role("radio", name=SPOKEN.get(card, card), exact=True)).click()

    def has_picked(self, card: str) -> None:
        spoken = f"“{card}” ({SPOKEN[card].lower()})" if card in SPOKEN else card
        expect(self.page.locator("#hand-hint")).to_contain_text(f"You picked {spoken}.")
        expect(self.card(card)).to_be_checked()

    def has_no_card(self) -> None:
        expect(self.page.locator("#hand-hint")).to_contain_text("Pick a card.")
        expect(self.hand.locator("input:checked")).to_have_count(0)

    def takes_the_card_back(self) -> None:
        self.page.get_by_role("button", name="Take it back").click()
        self.has_no_card()

    # --- the facilitator's verbs

    def reveals(self) -> None:
        self.presses("Reveal cards")
        self.sees_cards_face_up()

    def calls_another_vote(self) -> None:
        self.presses("Vote again")
        self.sees_cards_face_down()

    def saves(self, card: str, note: str = "") -> None:
        """Finalize, and wait until the table has gone on or says that the estimate is saved."""
        before = self.task_title
        self.page.locator(".finalpick", has=self.page.get_by_role("radio", name=card, exact=True)).click()
        if note:
            self.page.get_by_label("Note").fill(note)
        self.page.get_by_role("button", name=re.compile(rf"^Save {re.escape(card)}")).click()
        saved = self.page.locator("#task", has_text=f"Estimate {card}")
        gone_on = self.page.locator("#task h2").filter(has_not_text=before) if before else saved
        expect(saved.or_(gone_on).first).to_be_visible()

    @property
    def task_title(self) -> str:
        return self.page.locator("#task-title").text_content() or ""

    def skips(self) -> None:
        self.presses("Skip")

    def ends(self) -> None:
        self.presses("End session")
        self.sees("ended the session")

    def presses(self, name: str) -> None:
        """A button in the stage, or, on a phone, in the menu where the rarer ones are."""
        button = self.page.locator("#actions").get_by_role("button", name=name).filter(visible=True)
        more = self.page.get_by_role("button", name="More table controls")
        if self.phone and not button.count() and more.is_visible():
            more.click()
            button = self.page.locator("#facil-menu").get_by_role("button", name=name)
        button.first.click()

    def menu(self, name: str) -> None:
        """Something in one's own menu."""
        self.page.get_by_role("button", name="your menu").click()
        menu = self.page.locator("#me")
        menu.get_by_role("button", name=name).or_(menu.get_by_role("link", name=name)).click()

    def adds(self, tasks: str) -> None:
        field = self.page.get_by_label("Add tasks, one a line")
        field.fill(tasks)
        with self.page.expect_response(re.compile("/tasks$")):
            self.page.get_by_role("button", name="Add", exact=True).click()
        expect(field).to_have_value("")

    def adds_files(self, *files: FilePayload, task: str = "One") -> list[str]:
        """Choose files for a task in its sheet. Answers with the ids of all that it has."""
        sheet = self.opens_task(task)
        before = sheet.locator(".file").count()
        sheet.locator("[data-adds-files]").set_input_files(files)
        expect(sheet.locator(".file")).to_have_count(before + len(files))
        found: list[str] = sheet.locator(".file").evaluate_all("all => all.map(each => each.id.slice(5))")
        self.page.keyboard.press("Escape")
        return found

    def drops(self, onto: str, *files: FilePayload, event: str = "drop") -> None:
        """Let files fall onto a part of the page; as ``dragover`` hold them over it, as ``paste`` paste them there."""
        given = [{**each, "buffer": base64.b64encode(each["buffer"]).decode()} for each in files]
        self.page.locator(onto).first.evaluate(DROP, [event, given])

    def opens_people(self) -> Locator:
        self.page.get_by_role("button", name="Members", exact=True).click()
        people = self.page.locator("#people-pop")
        expect(people.get_by_label("Your name")).to_be_visible()
        return people

    def closes_people(self) -> None:
        self.page.locator("#people-pop").get_by_role("button", name="Close").click()
        expect(self.page.locator("#people-pop")).to_be_hidden()

    def to_member(self, verb: str, who: str) -> None:
        """One of the buttons beside a member in the list, such as "Nudge"."""
        people = self.opens_people()
        people.get_by_role("button", name=f"{verb} {who}").click()
        # By key: the list is drawn anew meanwhile, and a button that moves under the mouse is easily missed.
        self.page.keyboard.press("Escape")
        expect(people).to_be_hidden()

    def removes(self, other: "Person") -> None:
        self.to_member("Remove", other.name)
        self.does_not_see_seat(other.name)

    def opens_task(self, title: str) -> Locator:
        self.backlog.get_by_role("link", name=title).click()
        sheet = self.page.locator("#sheet")
        expect(sheet.get_by_role("heading", name=title)).to_be_visible()
        return sheet

    # --- what can be seen

    @property
    def table(self) -> Locator:
        return self.page.locator("#vote-table")

    @property
    def backlog(self) -> Locator:
        return self.page.locator("#backlog")

    @property
    def timer(self) -> Locator:
        return self.page.get_by_role("timer")

    def sees(self, *texts: str) -> None:
        for text in texts:
            expect(self.page.get_by_text(text).filter(visible=True).first).to_be_visible()

    def does_not_see(self, *texts: str) -> None:
        for text in texts:
            expect(self.page.get_by_text(text).filter(visible=True)).to_have_count(0)

    def sees_status(self, status: str) -> None:
        """The one line over the table."""
        expect(self.page.locator("#table-status")).to_have_text(status)

    def sees_cards_face_up(self, within: int = PATIENCE) -> None:
        """``within`` so many milliseconds."""
        expect(self.table).to_have_attribute("data-phase", "revealed", timeout=within)

    def sees_cards_face_down(self) -> None:
        expect(self.table).to_have_attribute("data-phase", "voting")

    def sees_seat(self, name: str, state: str) -> None:
        """``state``: voted, thinking, or away."""
        expect(self.seat(name)).to_have_attribute("data-state", state)

    def does_not_see_seat(self, name: str) -> None:
        expect(self.seat(name)).to_have_count(0)

    def seat(self, name: str) -> Locator:
        return self.table.locator(".seat", has=self.page.locator(f'[title="{name}"]'))

    def sees_card_of(self, name: str, card: str) -> None:
        """Face up, in the column of its value."""
        column = self.table.locator(f'.lay[data-v="{card}"]', has=self.page.locator(f'[title="{name}"]'))
        expect(column).to_have_count(1)

    def sees_task(self, title: str) -> None:
        expect(self.page.locator("#task-title")).to_have_text(title)

    def sees_backlog(self, *titles: str) -> None:
        expect(self.backlog.locator("li a")).to_have_text(list(titles))

    def sees_notice(self, sentence: str) -> None:
        expect(self.page.locator("#notice")).to_contain_text(sentence)


@contextmanager
def people(browser: Browser) -> Iterator[Callable[..., Person]]:
    """Makes people, each at a ``home``. At the end nothing may have gone wrong on anybody's page."""
    expect.set_options(timeout=PATIENCE)
    made: list[Person] = []

    def make(name: str, home: str, **how: object) -> Person:
        made.append(Person(browser, home, name, **how))
        return made[-1]

    yield make
    troubles = {each.name: each.troubles for each in made if each.troubles}
    for each in made:
        for page in each.context.pages:
            page.unroute_all(behavior="wait")
            _rest(page)
        each.context.close()
    assert not troubles


def _rest(page: Page) -> None:
    """Nothing is in flight any more: a context that is closed over requests has been seen to hang."""
    try:
        page.goto("about:blank")
    except Error:  # it was on its way to another page
        page.wait_for_load_state()
        page.goto("about:blank")
