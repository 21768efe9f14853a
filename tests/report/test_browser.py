"""In a real browser the report draws all its charts, fits a phone, fetches nothing and complains of nothing."""

import shutil

import pytest

from groundplan.report.html import write_html

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def address(northland, tmp_path_factory) -> str:
    target = tmp_path_factory.mktemp("browser") / "report.html"
    write_html(northland, target)
    return target.as_uri()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_report_fits_and_draws_and_is_silent(browser, address, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    page.wait_for_function("[...document.querySelectorAll('.chart')].every(place => 'drawn' in place.dataset)", timeout=60_000)
    assert said == []
    assert asked == [address]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("[...document.querySelectorAll('.chart')].every(place => place.querySelector('svg') !== null)")
    assert page.evaluate("Math.min(...[...document.querySelectorAll('p, li, td, th, .chart text')].map(part => parseFloat(getComputedStyle(part).fontSize)))") >= 16
    context.close()
