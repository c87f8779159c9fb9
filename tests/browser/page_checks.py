"""What every page has to be, in both themes, wide and on a phone."""

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.person import PHONE, WIDE

NARROWEST = {"width": 320, "height": 640}
AXE = Axe()
ONLY = {"resultTypes": ["violations"]}
RULES = {"light": ONLY, "dark": {**ONLY, "runOnly": ["color-contrast"]}}  # the rest is the same in both themes
SETTLED = """async () => {
  const runs = each => each.playState === 'running';
  for (let calm = 0; calm < 3; calm = document.getAnimations().some(runs) ? 0 : calm + 1)
    await new Promise(requestAnimationFrame);
}"""


def is_sound(page: Page) -> None:
    """Nothing to object to in either theme and width, and no scrolling sideways on the narrowest screen."""
    before = page.viewport_size
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            page.evaluate(SETTLED)
            found = violations(page, RULES[theme])
            assert found.violations_count == 0, f"{page.url} {theme} {size}\n{found.generate_report()}"
    page.set_viewport_size(NARROWEST)  # type: ignore[arg-type]
    does_not_scroll_sideways(page)
    page.set_viewport_size(before)  # type: ignore[arg-type]


def violations(page: Page, options: dict[str, object]) -> AxeResults:
    """As ``Axe.run``, which parses its half megabyte again each time."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.axe_script)
    return AxeResults(page.evaluate("options => axe.run(options)", options))


def does_not_scroll_sideways(page: Page) -> None:
    width = page.evaluate("document.documentElement.scrollWidth")
    outside = (
        """all => all.filter(each => each.getBoundingClientRect().right > innerWidth).map(each => each.outerHTML)"""
    )
    assert width <= NARROWEST["width"], page.locator("body *").evaluate_all(outside)
