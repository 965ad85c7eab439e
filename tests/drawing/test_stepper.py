"""The stepper: its script tells what happened, in order; its page plays it in a real browser, with an empty console."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import minigrad as mg
from minigrad.drawing.stepper import explore


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


@pytest.mark.browser
@pytest.mark.slow
class TestBrowser:
    @pytest.fixture
    def tab(self, browser, tmp_path):
        explore(toy()[0], tmp_path / "page.html", weight="W_hh")
        tab = browser.new_page(viewport={"width": 1440, "height": 900})
        said: list[str] = []
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.goto((tmp_path / "page.html").as_uri())
        yield tab
        assert said == []
        tab.close()

    def test_keys(self, tab):
        tab.keyboard.press("ArrowRight")
        assert tab.inner_text("#count").startswith("1 /")
        tab.keyboard.press("End")
        assert "W_hh.grad = 0.53" in tab.inner_text("#bars")
        assert "5 of 5" in tab.inner_text("#bars")
        tab.keyboard.press("ArrowLeft")
        tab.keyboard.press("Home")
        assert "not computed" in tab.inner_text("#bars")

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
        assert "b.grad = 2.29" in tab.inner_text("#bars")
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

    def test_on_a_phone_nothing_is_wider_than_the_page(self, tab):
        tab.set_viewport_size({"width": 390, "height": 800})
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390

    def test_roles_and_labels(self, tab):
        assert tab.locator("[aria-live=polite]").count() == 1
        assert all(tab.locator("button").nth(k).evaluate("b => b.ariaLabel || b.textContent") for k in range(tab.locator("button").count()))
        tab.keyboard.press("ArrowRight")
        assert tab.inner_text("#said").startswith("forward:")
