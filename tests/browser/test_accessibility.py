"""Every page and state, in both themes, wide and on a phone: no objection from axe, nothing that runs off sideways."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.page_checks import SETTLED, is_sound
from tests.browser.person import Person

pytestmark = pytest.mark.browser


@pytest.mark.fast
def test_pages_before_the_table(ada: Person, ben: Person) -> None:
    ada.page.goto("/")
    is_sound(ada.page)
    ada.page.goto("/embed")
    is_sound(ada.page)
    ada.page.goto("/sessions/new")
    ada.page.get_by_text("Options", exact=True).click()
    is_sound(ada.page)
    ada.page.locator("label.opt", has_text="Own cards").click()
    ada.page.get_by_label("Your cards").fill("1, 2, 3, big")
    expect(ada.page.locator(".deck-editor__preview li")).to_have_count(6)
    is_sound(ada.page)
    ada.page.get_by_label("Your cards").fill("1, 1")
    ada.sees("keep one of them")
    is_sound(ada.page)
    ben.page.goto(ada.opens().link)
    is_sound(ben.page)
    ben.expects("404")
    ben.page.goto("/nowhere")
    ben.sees("Page not found")
    is_sound(ben.page)
    ben.page.goto("/j/ZZZ999")
    ben.sees("No session has that code.")
    is_sound(ben.page)


@pytest.mark.fast
def test_the_table(ada: Person, ben: Person) -> None:
    table = ada.opens(minutes="2")
    is_sound(ada.page)
    ada.adds("PAY-318 Retry failed card payments, and say which of them failed\nTwo\nThree")
    ada.page.get_by_role("button", name="Start 2:00").click()
    ben.joins(table)
    ben.picks("13")
    ada.picks("3")
    for each in (ada, ben):
        each.sees_status("Everyone has voted")
        is_sound(each.page)
    ada.reveals()
    for each in (ada, ben):
        each.sees_cards_face_up()
        is_sound(each.page)
    ada.calls_another_vote()
    for each in (ada, ben):
        each.sees("Round 2")
        each.picks("5")
    ada.sees_status("Everyone has voted")
    ada.reveals()
    ada.sees("Everyone agrees.")
    is_sound(ada.page)
    ada.saves("5")
    ben.menu("Watch instead of voting")
    ben.sees("You are watching.")
    is_sound(ben.page)


@pytest.mark.fast
def test_the_end(ada: Person, ben: Person, gus: Person) -> None:
    table = ada.opens(tasks="PAY-1 One\nTwo")
    ben.joins(table)
    for cards in (("3", "13"), ("5", "5")):
        for each, card in zip((ada, ben), cards, strict=True):
            each.picks(card)
        ada.reveals()
        if cards[0] != cards[1]:
            ada.calls_another_vote()
            ben.sees("Round 2")
    ada.saves("5", note="With a note.")
    ada.ends()
    is_sound(ada.page)
    ada.page.get_by_role("link", name="See the report").click()
    is_sound(ada.page)
    ada.page.locator("summary").first.click()
    is_sound(ada.page)
    ada.page.get_by_role("link", name="For a tracker").click()
    ada.sees("1 of 2 tasks are in it.")
    is_sound(ada.page)
    with ada.page.expect_download() as download:
        ada.page.get_by_role("button", name="CSV for this tracker").click()
    assert download.value.path().read_text() == "Issue key,Summary,Story Points\nPAY-1,One,5\n"
    gus.page.goto(table.link)
    gus.sees("This session has ended")
    is_sound(gus.page)


def test_nothing_moves_for_who_asked_for_that(person: Callable[..., Person]) -> None:
    still, moved = person("Ada", reduced_motion="reduce"), person("Ben", reduced_motion="no-preference")
    moved.joins(still.opens())
    for each in (still, moved):
        each.sees_seat("Ben", "thinking")
    for each in (still, moved):
        each.page.evaluate("""() => {
          window.moved = 0;
          const lasting = each => each.effect.getComputedTiming().duration > 1;
          const look = () => {
            window.moved += document.getAnimations().filter(lasting).length;
            requestAnimationFrame(look);
          };
          look();
        }""")
    for each in (still, moved):
        each.picks("5")
    still.sees_status("Everyone has voted")
    still.reveals()
    for each in (still, moved):
        each.sees_status("All 2 picked 5")
    assert still.page.evaluate("window.moved") == 0
    assert moved.page.evaluate("window.moved") > 0


BACKGROUND = "() => getComputedStyle(document.body).backgroundColor"


def test_a_chosen_theme_is_there_at_the_first_paint(ada: Person, person: Callable[..., Person]) -> None:
    ada.opens()
    light = ada.page.evaluate(BACKGROUND)
    ada.page.get_by_role("button", name="your menu").click()
    ada.page.locator("label", has=ada.page.get_by_role("radio", name="Dark")).click()
    expect(ada.page.locator("html")).to_have_attribute("data-theme", "dark")
    ada.page.evaluate(SETTLED)
    dark = ada.page.evaluate(BACKGROUND)
    assert dark != light

    # from the server, before any script
    ada.page.route("**/*.js", lambda route: route.abort())
    ada.expects("ERR_FAILED")
    ada.page.reload()
    assert ada.page.evaluate(BACKGROUND) == dark
    ada.page.goto("/")
    assert ada.page.evaluate(BACKGROUND) == dark

    # back to what the system says
    ada.page.unroute("**/*.js")
    ada.page.go_back()
    ada.is_live()
    ada.page.get_by_role("button", name="your menu").click()
    ada.page.locator("label", has=ada.page.get_by_role("radio", name="System")).click()
    ada.page.reload()
    assert ada.page.evaluate(BACKGROUND) == light
    assert person("Ben", color_scheme="dark").page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")


# The radios that are seen as chosen where the system's colours replace the page's: with an outline.
OUTLINED = """() => [...document.querySelectorAll('label:has(> input[type=radio])')].filter(label => {
  const parts = [label, ...label.querySelectorAll('*')];
  const outlined = parts.some(each => getComputedStyle(each).outlineStyle === 'solid');
  return outlined !== label.querySelector('input').checked;
}).map(label => label.outerHTML)"""


def test_what_is_chosen_shows_without_the_page_s_colours(person: Callable[..., Person]) -> None:
    ada = person("Ada", forced_colors="active")
    ada.page.goto("/sessions/new")
    expect(ada.page.locator("label:has(> input:checked)")).to_have_count(1)
    assert ada.page.evaluate(OUTLINED) == []
    ben = person("Ben", forced_colors="active")
    ben.page.goto(ada.opens(tasks="One").link)
    assert ben.page.evaluate(OUTLINED) == []
    ada.picks("5")
    ada.page.get_by_role("button", name="your menu").click()  # with the theme
    assert ada.page.evaluate(OUTLINED) == []
    ada.page.keyboard.press("Escape")
    code = ada.page.locator("#invite .qr")
    assert code.evaluate("each => getComputedStyle(each).backgroundColor") == "rgb(255, 255, 255)"
    ada.reveals()
    ada.page.mouse.click(1, 1)  # the focus has an outline of its own
    expect(ada.page.locator(".finalpick :checked")).to_have_count(1)
    assert ada.page.evaluate(OUTLINED) == []
