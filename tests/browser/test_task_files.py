"""Files beside tasks: dragged, pasted and chosen; on every screen at once; and when something goes wrong."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import FilePayload, Locator, Route, expect

from tests.browser.live_server import House
from tests.browser.page_checks import is_sound
from tests.browser.person import Person
from tests.files import PDF, SVG, picture
from tests.s3_store import S3Server
from tests.uploadthing.double import UploadThingDouble

pytestmark = pytest.mark.browser

SEEN_WITHIN = 1_000  # milliseconds from the last upload to everybody's screen
# The house for each store of files.
HOUSES = {"disk": "house", "s3": "house_on_s3", "uploadthing": "house_at_uploadthing"}


@pytest.fixture(scope="module")
def house_on_s3(build: Callable[..., House], s3_store: S3Server) -> Iterator[House]:
    """Its files lie in a bucket at another origin, to which its pages alone may send."""
    house = build(FILES_FOLDER="", **s3_store.settings)
    s3_store.lets_pages_send(house.url)
    yield house
    s3_store.lets_pages_send("*")


@pytest.fixture(scope="module")
def house_at_uploadthing(build: Callable[..., House], uploadthing_double: UploadThingDouble) -> House:
    """Its files lie at another origin, too."""
    uploadthing_double.reset()
    return build(FILES_FOLDER="", **uploadthing_double.settings)


@pytest.fixture(params=HOUSES)
def home(request: pytest.FixtureRequest) -> str:
    """Address of a house, on each store."""
    house: House = request.getfixturevalue(HOUSES[request.param])
    return house.url


def screenshot(name: str, size: tuple[int, int] = (800, 600)) -> FilePayload:
    return {"name": name, "mimeType": "image/png", "buffer": picture(size=size)}


def pdf(name: str) -> FilePayload:
    return {"name": name, "mimeType": "application/pdf", "buffer": PDF}


def thumbnails(person: Person) -> Locator:
    """Those of the task on the table that have loaded."""
    return person.page.locator("#task .thumb img")


def names(sheet: Locator) -> list[str]:
    return sheet.locator(".file__words a").all_text_contents()


def test_five_screenshots_dragged_onto_the_task_are_on_every_screen(home: str, person: Callable[..., Person]) -> None:
    ada, ben, gus = person("Ada", home=home), person("Ben", home=home), person("Gus", home=home, phone=True)
    table = ada.opens(tasks="One\nTwo")
    for each in (ben, gus):
        each.joins(table)
    ada.drops("#task", *(screenshot(f"Screen {n}.png") for n in range(1, 6)))
    expect(thumbnails(ada)).to_have_count(5)
    for each in (ben, gus):
        expect(thumbnails(each)).to_have_count(5, timeout=SEEN_WITHIN)
        expect(thumbnails(each).last).to_have_js_property("naturalWidth", 320)
    expect(ada.page.locator("#uploads")).to_be_hidden()
    assert names(gus.opens_task("One")) == [f"Screen {n}.png" for n in range(1, 6)], "in the order of the drag"
    # one that falls beside every task does not take the browser away from the table
    ada.drops(".side .invite", screenshot("Beside.png"))
    expect(ada.page.locator("#task")).to_contain_text("1 more")
    # and who does not facilitate adds nothing
    ben.drops("#task", screenshot("Ben's.png"))
    expect(ben.page.locator("#uploads")).to_be_hidden()
    ben.picks("5")
    ada.sees_seat("Ben", "voted")


@pytest.mark.parametrize(("at", "store"), [("house_on_s3", "s3_store"), ("house_at_uploadthing", "uploadthing_double")])
def test_files_outside_are_sent_there_and_got_from_there(
    at: str, store: str, request: pytest.FixtureRequest, person: Callable[..., Person]
) -> None:
    home, there = request.getfixturevalue(at).url, f"{request.getfixturevalue(store).url}/"
    ada, ben = (person(name, home=home) for name in ("Ada", "Ben"))
    ben.joins(ada.opens(tasks="One\nTwo"))
    sent: list[str] = []
    ada.page.on("request", lambda asked: sent.append(asked.url) if asked.method == "PUT" else None)
    ada.drops("#task", screenshot("Screen.png"), pdf('The "new" ☕.pdf'))
    expect(ben.page.locator("#task .thumb")).to_have_count(2)
    assert [url.startswith(there) for url in sent] == [True, True]

    ben.page.locator("#task [data-picture]").first.press("Enter")
    large = ben.page.get_by_role("dialog", name="Picture")
    expect(large.locator("img")).to_have_js_property("naturalWidth", 800)
    ben.page.keyboard.press("Escape")
    with ben.page.expect_download() as saved:
        ben.page.locator("#task .thumb--kind").click()
    assert saved.value.url.startswith(there)
    assert (saved.value.suggested_filename, saved.value.path().read_bytes()) == ("The _new_ ☕.pdf", PDF)


def test_a_bucket_that_does_not_let_the_page_send(
    house_on_s3: House, s3_store: S3Server, person: Callable[..., Person]
) -> None:
    ada = person("Ada", home=house_on_s3.url)
    ada.opens(tasks="One\nTwo")
    ada.expects("CORS|ERR_FAILED")
    uploads = ada.page.locator("#uploads")
    s3_store.lets_pages_send("https://other.example")
    ada.drops("#task", screenshot("again.png"))
    expect(uploads.get_by_role("alert")).to_have_text("The connection broke off.")
    s3_store.lets_pages_send(house_on_s3.url)
    uploads.get_by_role("button", name="Try again").click()
    expect(thumbnails(ada)).to_have_count(1)


def test_what_is_pasted_chosen_described_moved_and_removed(ada: Person, ben: Person) -> None:
    ben.joins(ada.opens(tasks="One\nTwo"))
    ada.drops("body", screenshot("image.png", (400, 900)), event="paste")
    expect(thumbnails(ben)).to_have_count(1)
    ada.adds_files(screenshot("dialog.png"), pdf("spec.pdf"))
    sheet = ada.opens_task("One")
    is_sound(ada.page)
    first = sheet.locator(".file").first
    first.get_by_text("Describe").click()
    first.get_by_label("Caption").fill("The old dialog")
    first.get_by_label("What the picture shows").fill("A dialog with two fields")
    first.get_by_role("button", name="Save").click()
    expect(thumbnails(ben).first).to_have_attribute("alt", "A dialog with two fields")
    expect(first.get_by_label("Caption")).to_be_hidden()
    sheet.get_by_role("button", name="Move down: image.png").click()
    expect(sheet.locator(".file__words a")).to_have_text(["dialog.png", "image.png", "spec.pdf"])
    sheet.get_by_role("button", name="Remove dialog.png").click()
    expect(thumbnails(ben)).to_have_count(1)
    ada.page.keyboard.press("Escape")
    ada.page.get_by_role("button", name="Undo").click()
    expect(thumbnails(ben)).to_have_count(2)

    # large, by keys
    ben.page.locator("#task [data-picture]").first.press("Enter")
    large = ben.page.get_by_role("dialog", name="Picture")
    expect(large).to_contain_text("1 of 2: dialog.png")
    is_sound(ben.page)
    ben.page.keyboard.press("ArrowRight")
    expect(large).to_contain_text("2 of 2: The old dialog")
    expect(large.locator("img")).to_have_attribute("alt", "A dialog with two fields")
    ben.page.keyboard.press("5")
    ben.page.keyboard.press("Escape")
    expect(large).to_be_hidden()
    ada.sees_seat("Ben", "thinking")

    with ben.page.expect_download() as saved:
        ben.page.locator("#task .thumb--kind").click()
    assert saved.value.suggested_filename == "spec.pdf"
    ben.page.goto(f"{ada.here().url}/report")
    ben.page.locator("summary").first.click()
    expect(ben.page.locator(".thumbs img")).to_have_count(2)


def test_a_caption_is_typed_on_while_files_arrive(ada: Person) -> None:
    ada.opens(tasks="One")
    ada.adds_files(screenshot("first.png"))
    sheet = ada.opens_task("One")
    first = sheet.locator(".file").first
    first.get_by_text("Describe").click()
    first.get_by_label("Caption").press_sequentially("The old ")
    ada.drops("#task", screenshot("second.png"))
    expect(sheet.locator(".file")).to_have_count(2)
    ada.page.keyboard.type("dialog")
    expect(first.get_by_label("Caption")).to_have_value("The old dialog")
    # and while a picture is looked at
    first.locator("[data-picture]").click()
    large = ada.page.get_by_role("dialog", name="Picture")
    expect(large).to_be_visible()
    ada.page.keyboard.press("Escape")
    expect(large).to_be_hidden()
    expect(first.get_by_label("Caption")).to_have_value("The old dialog")
    first.get_by_label("Caption").focus()
    ada.page.keyboard.press("Enter")
    expect(first).to_contain_text("The old dialog")
    expect(first.get_by_text("Describe")).to_be_focused()


def test_what_goes_wrong_is_said_and_tried_again(ada: Person, ben: Person) -> None:
    ben.joins(ada.opens(tasks="One\nTwo"))
    uploads = ada.page.locator("#uploads")
    ada.expects("422|503|ERR_")
    svg: FilePayload = {"name": "evil.png", "mimeType": "image/png", "buffer": SVG}
    ada.drops("#task", svg, screenshot("fine.png"))
    expect(uploads.get_by_role("alert")).to_have_text(re.compile("^This kind of file is not taken"))
    expect(thumbnails(ben)).to_have_count(1)
    uploads.get_by_role("button", name="Dismiss").click()
    expect(uploads).to_be_hidden()

    # the connection breaks off, and is there again
    ada.page.route("**/uploads/*", lambda route: route.abort("connectionreset"))
    ada.drops("#task", screenshot("again.png"))
    expect(uploads.get_by_role("alert")).to_have_text("The connection broke off.")
    ada.page.unroute("**/uploads/*")
    uploads.get_by_role("button", name="Try again").click()
    expect(thumbnails(ben)).to_have_count(2)

    # what arrived is not added twice where only the answer is lost
    def answer_is_lost(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    ada.page.route("**/arrival", answer_is_lost, times=1)
    ada.drops("#task", pdf("once.pdf"))
    expect(uploads.get_by_role("alert")).to_have_text("Not sent. Check your connection.")
    expect(ben.page.locator("#task .thumb")).to_have_count(3)
    uploads.get_by_role("button", name="Try again").click()
    expect(uploads).to_be_hidden()

    # one that finds no room is announced again by itself
    ada.page.route("**/arrival", lambda route: route.fulfill(status=503), times=1)
    ada.drops("#task", pdf("later.pdf"))
    expect(ben.page.locator("#task .thumb")).to_have_count(4)
    expect(uploads).to_be_hidden()

    # who leaves the page meanwhile is asked first
    held: list[Route] = []
    ada.page.route("**/uploads/*", lambda route: held.append(route))
    ada.drops("#task", screenshot("unwanted.png"))
    ada.waits_for(held)
    ada.page.reload()
    assert ada.asked == [""], "the browser's own question"
    ada.is_live()
    ada.page.unroute("**/uploads/*")

    # what is cancelled is not there
    ada.page.route("**/uploads/*", lambda route: held.append(route))
    ada.drops("#task", screenshot("unwanted.png"))
    ada.waits_for(held)
    uploads.get_by_role("button", name="Cancel").click()
    expect(uploads).to_be_hidden()
    ada.page.unroute("**/uploads/*")
    ada.adds_files(pdf("last.pdf"))
    expect(ben.page.locator("#task .thumb")).to_have_count(5)
