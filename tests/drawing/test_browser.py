"""The gallery in a real browser: no text leaves its box or its page, light and dark, and the pages work and say nothing on the console.

Chromium measures with its own fonts (`getBBox`), so that what drawing/fonts.py says of Arial's widths is held against what a reader
sees. Without Playwright or Chromium these tests are skipped; MINIGRAD_CHROMIUM names another program.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from docs.gallery import pictures
from docs.gallery.__main__ import make, snapshots, stepper

pytestmark = pytest.mark.browser
CHROMIUM = Path(os.environ.get("MINIGRAD_CHROMIUM", "/usr/bin/chromium"))
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
MEASURE = """() => {
  const wrong = [], page = document.documentElement.viewBox.baseVal, slack = 1.5;
  const inside = (text, frame, where) => {
    const b = text.getBBox(), size = Number(text.getAttribute("font-size"));
    const top = b.y + b.height / 2 - size / 2, bottom = b.y + b.height / 2 + size / 2;
    if (b.x < frame.x - slack || b.x + b.width > frame.x + frame.width + slack || top < frame.y - slack || bottom > frame.y + frame.height + slack)
      wrong.push(`${text.textContent} leaves ${where}`);
  };
  for (const group of document.querySelectorAll("g[id]")) {
    const outline = group.querySelector(":scope > path");
    for (const text of group.querySelectorAll(":scope > text")) inside(text, outline.getBBox(), "its box");
  }
  for (const text of document.querySelectorAll("text")) {
    inside(text, page, "the page");
    const asked = Number(text.getAttribute("textLength"));
    text.removeAttribute("textLength");
    const natural = text.getComputedTextLength();
    if (asked && (natural > asked * 1.2 + 2 || natural < asked * 0.8 - 2))
      wrong.push(`${text.textContent}: the letters take ${natural.toFixed(0)}, not ${asked.toFixed(0)}`);
  }
  return { wrong, texts: document.querySelectorAll("text").length, boxes: document.querySelectorAll("g[id]").length };
}"""


@pytest.fixture(scope="module")
def gallery(tmp_path_factory) -> Path:
    """The whole gallery, made anew."""
    folder = tmp_path_factory.mktemp("gallery")
    make(folder)
    return folder


@pytest.fixture(scope="module")
def moving(tmp_path_factory) -> Path:
    """Only the gallery's pages that play."""
    folder = tmp_path_factory.mktemp("moving")
    stepper(folder)
    snapshots(folder)
    return folder


@pytest.fixture(scope="module")
def browser():
    """One Chromium for all of these tests."""
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    with playwright.sync_playwright() as session:
        program = session.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        yield program
        program.close()


@pytest.fixture
def visit(browser):
    """Opens a page in a theme; afterwards its console must be empty, and it must have asked no other machine for anything."""
    said: list[str] = []
    pages = []

    def open_page(url: str, theme: str = "light", width: int = 1440, height: int = 900):
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: said.append(request.url) if not request.url.startswith(("file:", "data:", "blob:", "about:")) else None)
        page.goto(url)
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert not said


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_text_leaves_its_box(gallery, visit, theme):
    page = visit("about:blank", theme)
    texts = boxes = 0
    for title, recipe in pictures.PICTURES:
        page.goto((gallery / f"{recipe.__name__}_{theme}.svg").as_uri())
        found = page.evaluate(MEASURE)
        assert not found["wrong"], f"{title}: {found['wrong']}"
        texts, boxes = texts + found["texts"], boxes + found["boxes"]
    assert texts > 1000 and boxes > 300


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_index_shows_every_picture_in_the_readers_theme(gallery, visit, theme):
    page = visit((gallery / "index.html").as_uri(), theme)
    assert page.locator("figure").count() == len(pictures.PICTURES) + 4
    shows_pictures(page, theme, len(pictures.PICTURES) + 1)


def test_an_index_of_two_pictures_shows_them_in_the_readers_theme(visit, tmp_path):
    make(tmp_path, only=("rolled", "model"))
    shows_pictures(visit((tmp_path / "index.html").as_uri(), "dark"), "dark", 2)


def shows_pictures(page, theme: str, count: int) -> None:
    """All of them, in that theme, and a key turns to the other."""
    page.locator("img:visible").last.scroll_into_view_if_needed()
    broken = page.evaluate("[...document.images].map(i => { i.loading = 'eager'; return i.decode().then(() => '', () => i.src); })"
                           ".reduce((all, one) => all.then(list => one.then(x => x ? [...list, x] : list)), Promise.resolve([]))")  # fmt: skip
    assert broken == []
    shown = page.locator("img:visible").evaluate_all("all => all.map(i => i.getAttribute('src'))")
    assert len(shown) == count and all(f"_{theme}." in source for source in shown)
    page.keyboard.press("d")
    assert f"_{theme}." not in page.locator("img:visible").first.get_attribute("src")


def test_snapshots_are_scrubbed_with_keys_slider_strip_and_play(moving, visit):
    page = visit((moving / "snapshots.html").as_uri())
    now, slider = page.locator("#now"), page.locator("#slider")
    count = int(slider.get_attribute("max")) + 1
    assert count == 11 and now.inner_text().startswith("epoch 20") and page.locator("#live").is_hidden()
    last = page.locator("#stage svg").inner_html()
    page.keyboard.press("Home")
    assert now.inner_text().strip() == "before training" and page.locator("#stage svg").inner_html() != last
    page.keyboard.press("ArrowRight")
    assert now.inner_text().startswith("epoch 2 ") and slider.get_attribute("aria-valuetext").startswith("epoch 2, loss")
    page.wait_for_function("location.hash === '#epoch=2'")
    slider.fill("5")
    assert now.inner_text().startswith("epoch 10 ")
    page.locator("#strip .column").nth(3).click()
    assert now.inner_text().startswith("epoch 6 ")
    page.keyboard.press("End")
    page.keyboard.press(" ")
    assert page.locator("#play").get_attribute("aria-pressed") == "true" and now.inner_text().strip() == "before training"
    page.wait_for_function("document.getElementById('now').textContent.startsWith('epoch 4')")
    page.locator("#play").click()
    assert page.locator("#play").get_attribute("aria-pressed") == "false"


def test_snapshots_open_at_an_epoch_in_the_dark_and_on_a_phone(moving, visit):
    page = visit((moving / "snapshots.html").as_uri() + "#epoch=8", "dark", 390, 800)
    assert page.locator("#now").inner_text().startswith("epoch 8 ")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(13, 17, 23)"
    rectangle = page.evaluate("getComputedStyle(document.querySelector('#stage svg rect')).fill")
    assert rectangle == ground, "the picture follows the page's theme"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.keyboard.press("d")
    assert page.evaluate("getComputedStyle(document.querySelector('#stage svg rect')).fill") == "rgb(255, 255, 255)"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_text_leaves_its_box_in_the_snapshots_either(moving, visit, theme):
    page = visit((moving / "snapshots.html").as_uri(), theme, 1920, 1080)
    measure = MEASURE.replace("document.", "stage.").replace("stage.documentElement", "stage")
    for _ in range(3):
        found = page.evaluate("() => { const stage = document.querySelector('#stage svg'); return (" + measure + ")(); }")
        assert not found["wrong"] and found["boxes"] > 20
        page.keyboard.press("ArrowLeft")


def test_the_stepper_opens_in_both_themes_without_a_word(moving, visit):
    for theme in ("light", "dark"):
        page = visit((moving / "stepper.html").as_uri() + "#step=31", theme, 1920, 1080)
        assert page.locator("#stage svg").count() == 1 and "31" in page.locator("#count").inner_text()


def test_no_letter_of_the_snapshots_is_small_on_a_projector(moving, visit):
    page = visit((moving / "snapshots.html").as_uri(), "light", 1920, 1080)
    sizes = page.evaluate("""() => [...document.querySelectorAll("#stage svg")].flatMap(svg =>
        [...svg.querySelectorAll("text")].map(t => parseFloat(getComputedStyle(t).fontSize) * svg.getScreenCTM().a))""")
    sizes += page.evaluate("() => [...document.querySelectorAll('#strip text')].map(t => parseFloat(getComputedStyle(t).fontSize))")
    assert len(sizes) > 40 and min(sizes) >= 17.6  # 18 px, less what a scroll bar takes
