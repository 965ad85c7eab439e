"""The stepper: its script tells what happened, in order; its page plays it in a real browser, with an empty console."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import minigrad as mg
from minigrad.drawing.letters import bare, letter_all
from minigrad.drawing.reading import read
from minigrad.drawing.stepper import PAGE_WORDS, explore
from minigrad.drawing.themes import contrast
from minigrad.drawing.words import WORDS
from tests.drawing import nets


def toy():
    """DRAWING.md's net of one unit, five steps: every number of it is known."""
    W_xh, W_hh, b, W_hy = (mg.Parameter(w, name=n) for w, n in ((0.5, "W_xh"), (0.9, "W_hh"), (-0.1, "b"), (0.8, "W_hy")))
    with mg.Trace() as trace:
        x = [mg.Tensor(v) for v in (0.3, -0.9, 0.8, 0.9, -0.9)]
        h = mg.Tensor(0.4)
        for t in range(5):
            with mg.scope(t=t):
                z = x[t] * W_xh + h * W_hh + b
                h = mg.tanh(z)
        y = h * W_hy
        L = (y + 1.0) ** 2 * 0.5
    L.backward()
    return trace, W_hh


def lstm(steps):
    mg.set_random_seed(0)
    layer, head = mg.layers.LSTM(8, input_dim=4), mg.layers.Dense(1)
    x = mg.Tensor(np.eye(4, dtype="float32")[np.arange(steps) % 4][None])
    with mg.Trace() as trace:
        L = ((head(layer(x)) - 1.0) ** 2).mean()
    L.backward()
    return trace, layer.W_hh


NETS = {
    "toy": lambda: toy()[0], "LSTM": lambda: lstm(4)[0], "GRU": lambda: nets.layer("GRU", steps=4)[0], "own cell": lambda: nets.own_cell()[0],
    "stacked": lambda: nets.layer("LSTM", steps=3, stacked=True)[0], "both ways": lambda: nets.both_ways(), "masked": lambda: nets.masked(),
    "a loss at every step": lambda: nets.spelled()[0], "cut": lambda: nets.spelled(6, detach=2)[0],
}  # fmt: skip


class TestScript:
    def test_forward_in_the_order_of_computing_then_backward(self):
        moves = explore(toy()[0]).script["moves"]
        kinds = ["forward" if "box" in m else "begin" if "seed" in m else "backward" for m in moves]
        assert kinds == sorted(kinds, key=["forward", "begin", "backward"].index)
        assert kinds.count("begin") == 1

    def test_the_arrivals_of_a_weight_are_its_contributions_last_step_first(self):
        trace, W_hh = toy()
        page = explore(trace, weight="W_hh")
        boxes = {b["id"]: b for b in page.script["boxes"]}
        weight = next(b["id"] for b in page.script["boxes"] if b["name"] == "W_hh")
        arrivals = [m for m in page.script["moves"] if m.get("to") == weight]
        assert [round(m["number"], 2) for m in arrivals] == [0.29, 0.06, -0.09, 0.15, 0.12]
        assert [boxes[m["from"]]["column"] for m in arrivals] == [4, 3, 2, 1, 0]
        assert np.isclose(sum(m["number"] for m in arrivals), float(W_hh.grad), rtol=1e-6)
        assert arrivals[-1]["now"] == "0.53"

    def test_of_several_weights_each_has_its_button_and_others_none(self):
        trace, W_hh = toy()
        script = explore(trace, weight=["b", W_hh]).script
        names = {b["id"]: b["name"] for b in script["boxes"]}
        assert [names[id] for id in script["picks"]] == ["b", "W_hh"] and names[script["first"]] == "b"
        assert len(script["weights"]) == 4  # a click in the graph still watches any
        assert explore(trace, weight="b").script["picks"] == script["weights"] == explore(trace).script["picks"]
        with pytest.raises(ValueError, match="no weight 'Q' in this graph"):
            explore(trace, weight=["b", "Q"])

    @pytest.mark.parametrize("make", [toy, lambda: lstm(3)], ids=["scalars", "arrays"])
    def test_every_part_that_arrived_is_a_move(self, make):
        trace, _ = make()
        script = explore(trace).script
        parts = sum(len(trace.arrivals(x)) for x in trace._arrivals)
        assert sum("from" in m for m in script["moves"]) == parts

    def test_shares_of_an_array_add_to_a_hundred(self):
        trace, _ = lstm(6)
        script = explore(trace).script
        boxes = {b["id"]: b for b in script["boxes"]}
        for weight in ("W_hh", "W_xh"):
            shares = [m["share"] for m in script["moves"] if "from" in m and boxes[m["to"]]["name"] == weight]
            assert len(shares) == 6
            assert np.isclose(sum(shares), 100, atol=1e-3)

    @pytest.mark.parametrize("net", NETS)
    def test_no_invented_letter_is_one_of_the_programs_own(self, net):
        graph = read(NETS[net](), fold=False)
        letter_all(graph)
        own = {bare(v.name) for v in graph.shown if v.name and not v.lettered}
        invented = {v.name for v in graph.shown if v.lettered and not (v.initial or v.cut or v.late)}
        assert invented and not own & {bare(name) for name in invented}

    @pytest.mark.parametrize("net", NETS)
    def test_no_two_values_have_one_name_within_a_step(self, net):
        boxes = [b for b in explore(NETS[net]()).script["boxes"] if b["kind"] in ("value", "state", "loss")]
        taken = [(b["column"], b["name"]) for b in boxes]
        assert sorted({pair for pair in taken if taken.count(pair) > 1}, key=str) == []

    def test_the_users_y_is_not_taken_for_a_product(self):
        W, h, y = mg.Parameter(0.7, name="W"), mg.Tensor(0.4), mg.Tensor(0.5)
        with mg.Trace() as trace:
            for t in range(2):
                with mg.scope(t=t):
                    h = mg.tanh(h * W + y)
            d = h - y
            L = d * d
        L.backward()
        texts = [b["text"].replace("\u2009", " ") for b in explore(trace).script["boxes"]]
        assert "p₁ = h₀ W" in texts and "z₁ = p₁ + y" in texts and "d = h₂ − y" in texts
        assert not any(text.startswith("y₁") for text in texts)

    @pytest.mark.parametrize("make", [toy, lambda: lstm(7)], ids=["numbers", "shares"])
    def test_what_a_weight_gets_adds_up_as_printed(self, make):
        script = explore(make()[0]).script
        for weight in script["weights"]:
            parts = [m for m in script["moves"] if m.get("to") == weight]
            printed = [float(m["printed"].replace("−", "-").removesuffix(" %")) for m in parts]
            if parts[0]["printed"].endswith("%"):
                assert sum(printed) == 100
            else:
                decimals = {len(m["printed"].partition(".")[2]) for m in parts}
                assert len(decimals) == 1
                np.testing.assert_allclose(np.cumsum(printed), [float(m["now"].replace("−", "-")) for m in parts], atol=1e-9)
                np.testing.assert_allclose([m["number"] for m in parts], printed, atol=10.0 ** -decimals.pop())

    def test_equal_steps_have_equal_boxes(self):
        script = explore(lstm(4)[0]).script
        kinds = [[b["kind"] for b in script["boxes"] if b["column"] == k] for k in range(4)]
        assert kinds[0] == kinds[1] == kinds[2] == kinds[3]

    def test_before_backward_there_are_forward_moves_alone(self):
        w = mg.Parameter(2.0, name="w")
        with mg.Trace() as trace:
            L = w * w
        assert all("box" in m for m in explore(trace).script["moves"])
        assert L is not None

    def test_what_is_no_number_is_shown_and_is_valid_json(self):
        w = mg.Parameter([1.0, 2.0], name="w")
        with mg.Trace() as trace, np.errstate(all="ignore"):
            (w * np.inf - w * np.inf).sum().backward()
        page = explore(trace)
        assert "NaN" in json.dumps(page.script["boxes"], ensure_ascii=False)
        data = re.search(r'<script type="application/json" id="script">(.*?)</script>', page.html, re.DOTALL)
        json.loads(data.group(1), parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))


class TestPage:
    def test_one_file_that_fetches_nothing_and_stays_small(self, tmp_path):
        page = explore(lstm(20)[0], tmp_path / "page.html")
        html = (tmp_path / "page.html").read_text(encoding="utf-8")
        assert html == page.html
        assert len(html.encode()) < 2_000_000
        assert not re.search(r'(src|href)\s*=\s*["\']?(https?:)?//', html)
        assert [p.name for p in tmp_path.iterdir()] == ["page.html"]

    def test_names_are_escaped(self):
        w = mg.Parameter(2.0, name="</script><b>w</b>")
        with mg.Trace() as trace:
            (w * 3.0).backward()
        assert "</script><b>" not in explore(trace, title="</title><script>").html

    def test_shows_itself_in_a_notebook(self):
        assert explore(toy()[0])._repr_html_().startswith("<iframe srcdoc=")

    def test_something_else_is_refused(self):
        with pytest.raises(TypeError, match=r"mg\.Trace"):
            explore(mg.Tensor(1.0))


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="the page in a browser: pip install playwright")
    with playwright.sync_playwright() as p:
        try:
            chromium = p.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        except playwright.Error as error:
            pytest.skip(f"the page in a browser needs Chromium at /usr/bin/chromium: {str(error).splitlines()[0]}")
        yield chromium
        chromium.close()


LETTERS = """() => [...document.querySelectorAll('body *')].filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())
    && !['SCRIPT', 'STYLE', 'OPTION'].includes(e.tagName) && !e.closest('.unseen, h1') && e.getClientRects().length)
    .map(e => parseFloat(getComputedStyle(e).fontSize) * (e.ownerSVGElement ? e.getScreenCTM().a : 1))"""
COLOURS = """() => [...document.querySelectorAll('body *')].filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())
    && !['SCRIPT', 'STYLE', 'OPTION'].includes(e.tagName) && !e.closest('.unseen, h1, .hidden-number') && e.getClientRects().length).map(e => {
  const style = getComputedStyle(e), solid = c => c && !/rgba\\(.*, 0\\)|none|transparent/.test(c);
  if (e.ownerSVGElement) {
    const shape = e.parentNode.querySelector(':scope > rect');
    const fill = shape && getComputedStyle(shape).fill;
    return [e.textContent, style.fill, solid(fill) && e.parentNode.matches('.box, .column') ? fill : getComputedStyle(document.body).backgroundColor];
  }
  let up = e;
  while (up && !solid(getComputedStyle(up).backgroundColor)) up = up.parentElement;
  return [e.textContent, style.color, getComputedStyle(up ?? document.body).backgroundColor];
})"""
WORDS_LEFT = """() => [...document.querySelectorAll('body *')].filter(e => !['SCRIPT', 'STYLE'].includes(e.tagName)).flatMap(e =>
    [...[...e.childNodes].filter(n => n.nodeType === 3).map(n => n.data), e.getAttribute('aria-label'), e.getAttribute('aria-valuetext')])
    .filter(text => text && text.trim())"""


def hex_of(colour: str) -> str:
    """rgb(13, 17, 23) → #0D1117"""
    return "#" + "".join(f"{int(x):02X}" for x in re.findall(r"\d+", colour)[:3])


@pytest.mark.browser
@pytest.mark.slow
class TestBrowser:
    @pytest.fixture
    def opened(self, browser, tmp_path):
        """Opens a trace's page at a size; in the end no console may have said a word."""
        said: list[str] = []
        tabs = []

        def open_page(trace, width=1440, height=900, move=0, theme="light", **options):
            explore(trace, tmp_path / "page.html", **options)
            tab = browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)
            tab.on("console", lambda message: said.append(message.text))
            tab.on("pageerror", lambda error: said.append(str(error)))
            tab.on("request", lambda request: said.append(request.url) if not request.url.startswith("file:") else None)
            tab.goto((tmp_path / "page.html").as_uri() + f"#step={move}")
            tabs.append(tab)
            return tab

        yield open_page
        for tab in tabs:
            tab.close()
        assert said == []

    @pytest.fixture
    def tab(self, opened):
        return opened(toy()[0], weight="W_hh")

    def test_keys(self, tab):
        tab.keyboard.press("ArrowRight")
        assert tab.inner_text("#count").startswith("1 /")
        tab.keyboard.press("End")
        assert "W_hh.grad = 0.53" in tab.inner_text("#sum")
        assert "5 of 5" in tab.inner_text("#sum")
        tab.keyboard.press("ArrowLeft")
        tab.keyboard.press("Home")
        assert "not computed" in tab.inner_text("#sum")

    def test_a_gradient_is_not_computed_until_it_arrives(self, tab):
        assert tab.locator(".box .grad").all_text_contents() == [""] * tab.locator(".box").count()

    def test_link_to_a_move(self, tab):
        tab.evaluate("location.hash = '#step=30'")
        tab.wait_for_function("document.getElementById('count').textContent.startsWith('30 /')")
        assert tab.locator("#slider").input_value() == "30"

    def test_predict_hides_the_next_number_until_a_key(self, tab):
        tab.keyboard.press("p")
        tab.keyboard.press("ArrowRight")
        assert tab.locator("#slots .hidden-number").count() == 1
        tab.keyboard.press(" ")
        assert tab.locator("#slots .hidden-number").count() == 0

    def test_fold_and_unfold(self, tab):
        boxes = tab.locator(".box").count()
        tab.keyboard.press("2")
        assert tab.locator(".box").count() < boxes
        tab.keyboard.press("2")
        assert tab.locator(".box").count() == boxes
        tab.select_option("#folds", "folded")
        assert tab.locator(".column").count() == 5

    def test_pick_a_weight_and_hover_a_box(self, tab):
        tab.keyboard.press("End")
        tab.click("#picks button:text-is('b')")
        assert "b.grad = 2.29" in tab.inner_text("#sum")
        tab.hover(".box.state >> nth=0")
        assert "tanh" in tab.inner_text("#facts")

    def test_play_and_pause(self, tab):
        tab.click("#play")
        tab.wait_for_function("!document.getElementById('count').textContent.startsWith('0 /')")
        tab.click("#play")
        assert tab.inner_text("#play") == "play"

    def test_dark(self, tab):
        before = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        tab.keyboard.press("d")
        assert tab.evaluate("getComputedStyle(document.body).backgroundColor") != before

    def test_no_text_leaves_its_box_and_no_boxes_overlap(self, tab):
        tab.keyboard.press("End")
        wrong = tab.evaluate("""() => {
            const bad = [], boxes = [...document.querySelectorAll('.box')].map(g => [g, g.querySelector('rect').getBBox()]);
            for (const [g, r] of boxes) for (const t of g.querySelectorAll('text')) {
                const b = t.getBBox();
                if (t.textContent && (b.x < r.x - 1 || b.x + b.width > r.x + r.width + 1 || b.y + b.height > r.y + r.height + 2)) bad.push(t.textContent);
            }
            boxes.forEach(([, a], i) => boxes.slice(i + 1).forEach(([, b]) => {
                if (a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height) bad.push('overlap');
            }));
            return bad;
        }""")
        assert wrong == []

    def test_steps_stand_from_left_to_right_and_equal_rows_at_equal_heights(self, tab):
        places = tab.evaluate("""() => script.boxes.filter(b => b.name.startsWith('h') && b.column !== null)
            .map(b => [place.get(b.id).x, place.get(b.id).y])""")
        assert [x for x, _ in places] == sorted(x for x, _ in places)
        assert len({y for _, y in places}) == 1

    @pytest.mark.parametrize("width", [360, 390, 820])
    def test_on_a_phone_nothing_is_wider_than_the_page_and_what_happens_is_in_view(self, opened, width):
        tab = opened(lstm(5)[0], width, 800, move=150)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert min(tab.evaluate(LETTERS)) >= 14.5
        for box in tab.locator(".box.gets").all():
            place = box.bounding_box()
            assert 0 <= place["x"] and place["x"] + place["width"] <= width

    @pytest.mark.parametrize("net", NETS)
    def test_the_back_row_can_read_every_letter(self, opened, net):
        """On a projector of 1920 × 1080 nothing is smaller than 20 px."""
        tab = opened(NETS[net](), 1920, 1080)
        for _ in range(3):
            assert min(tab.evaluate(LETTERS)) >= 20
            tab.keyboard.press("End")
            assert tab.evaluate("document.documentElement.scrollHeight <= innerHeight"), "the ledger is docked, the page does not scroll"

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_every_text_stands_out_from_its_ground(self, opened, theme):
        tab = opened(lstm(3)[0], move=90, theme=theme)
        found = tab.evaluate(COLOURS)
        assert len(found) > 60
        wrong = [(text, ink, ground) for text, ink, ground in found if contrast(hex_of(ink), hex_of(ground)) < 4.5]
        assert wrong == []

    def test_steps_open_as_they_fit_and_the_current_one_always(self, opened):
        tab = opened(lstm(50)[0], 1920, 1080)
        for move in (1, 700, 1500, 2000):
            tab.evaluate(f"go({move})")
            assert tab.evaluate("groups.filter(g => g.open && g.step).some(g => g.keys[0] === state.step)")
            assert tab.locator(".column").count() <= 6
        tab.select_option("#folds", "open")
        assert tab.locator(".column").count() == 50
        tab.keyboard.press("3")
        assert tab.locator("#folds").input_value() == "own" and tab.locator(".column[aria-expanded=false]").count() == 1

    def test_a_run_of_folded_steps_keeps_encoder_and_decoder_apart(self, opened):
        tab = opened(nets.encoder_decoder()[0], 1000, 700)
        assert tab.evaluate("script.blocks").count(1) > 1
        assert tab.evaluate("groups.every(g => new Set(g.keys.map(k => script.blocks[k])).size <= 1)")

    def test_what_is_no_number_is_marked(self, opened):
        w = mg.Parameter(1e30, name="w")
        h = mg.Tensor(1.0)
        with np.errstate(all="ignore"), mg.Trace() as trace:
            for t in range(3):
                with mg.scope(t=t):
                    h = h * w
            L = h - h
            L.backward()
        tab = opened(trace, move=999)
        assert tab.locator(".box.alarmed").count() >= 3
        assert tab.locator("#bars text:text-is('NaN')").count() == 1 and "▲" not in tab.inner_text("#bars")
        assert tab.locator("#sum b.alarm").inner_text() == "w.grad = NaN"

    def test_one_stop_for_the_tab_key_and_arrows_from_box_to_box(self, tab):
        assert tab.locator("#stage [tabindex='0']").count() == 1
        tab.keyboard.press("ArrowDown")
        first = tab.evaluate("document.activeElement.getAttribute('aria-label')")
        assert first == "t = 1, open" or first.startswith("t = 1")
        for _ in range(7):
            tab.keyboard.press("ArrowDown")
        label = tab.evaluate("document.activeElement.getAttribute('aria-label')")
        assert "gradient not computed" in label and tab.inner_text("#who") in label
        tab.keyboard.press("ArrowRight")
        assert tab.evaluate("document.activeElement.getAttribute('aria-label')") == label or "value" in tab.evaluate(
            "document.activeElement.getAttribute('aria-label')")
        outline = tab.evaluate("getComputedStyle(document.activeElement.querySelector('rect')).strokeWidth")
        assert outline == "5px", "the focus can be seen"

    def test_the_voice_is_silent_while_it_plays(self, tab):
        tab.keyboard.press(" ")
        assert tab.locator("#said").get_attribute("aria-live") == "off"
        tab.keyboard.press(" ")
        assert tab.locator("#said").get_attribute("aria-live") == "polite"

    def test_predict_keeps_its_secret_everywhere(self, opened):
        trace, _ = toy()
        tab = opened(trace, move=60)
        tab.keyboard.press("p")
        tab.keyboard.press("ArrowRight")
        part = tab.evaluate("moves[state.move - 1].part")
        before = tab.evaluate("document.body.innerText")
        assert "00.00" in before and f"adds {part} " not in tab.inner_text("#said")
        assert tab.locator(".hidden-number").get_attribute("aria-label") == "hidden: press space"
        tab.keyboard.press(" ")
        assert part in tab.inner_text("#slots .adds")

    def test_on_paper_it_is_black_on_white_and_whole(self, opened):
        tab = opened(lstm(5)[0], move=100, theme="dark")
        tab.emulate_media(media="print")
        assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert tab.locator("header").is_hidden() and tab.locator("#graph").is_visible()
        wide = tab.evaluate("document.getElementById('graph').getBoundingClientRect().width")
        assert wide <= tab.evaluate("innerWidth")

    def test_other_words_replace_all_of_them(self, opened):
        own = {word: "".join(f"{{{part.partition('}')[0]}}}" if "}" in part else "" for part in WORDS[word].split("{")) + "§" for word in PAGE_WORDS}
        tab = opened(toy()[0], move=40, words=own | {"language": "de"}, title="§")
        assert tab.evaluate("document.documentElement.lang") == "de"
        left = tab.evaluate(WORDS_LEFT)
        english = {word for phrase in (WORDS[k] for k in PAGE_WORDS) for word in re.findall(r"[A-Za-z]{4,}", phrase)} - {"number", "name"}
        assert [text for text in left if not text.startswith("#step=") and set(re.findall(r"[A-Za-z]{4,}", text)) & english] == []

    def test_roles_and_labels(self, tab):
        assert tab.locator("[aria-live=polite]").count() == 1
        assert all(tab.locator("button").nth(k).evaluate("b => b.ariaLabel || b.textContent") for k in range(tab.locator("button").count()))
        tab.keyboard.press("ArrowRight")
        assert tab.inner_text("#said").startswith("forward:")
