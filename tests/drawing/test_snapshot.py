"""GraphSnapshot: pictures by epoch in one page, made without disturbing the training."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import minigrad as mg
from minigrad.drawing.flow import profile, relative
from minigrad.drawing.reading import read


def data(steps: int = 5) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    x = random.normal(size=(32, steps, 2)).astype("float32")
    return x, (x[:, 0, 0] > 0).astype("int32")


def trained(snapshot=None, epochs: int = 3, dropout: float = 0.0, stateful: bool = False) -> mg.Sequential:
    """A small net, trained with the callback or without; the same seed."""
    mg.set_random_seed(3)
    x, y = data()
    lstm = mg.layers.LSTM(4, name="lstm", dropout=dropout, stateful=stateful)
    model = mg.Sequential([mg.Input((5, 2), batch_size=8 if stateful else None), lstm, mg.layers.Dense(2, name="dense")])
    model.compile("adam", mg.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.history = model.fit(x, y, batch_size=8, epochs=epochs, verbose=0, callbacks=[snapshot] if snapshot else [])
    return model


def script_of(path) -> dict:
    """What the page plays."""
    page = path.read_text(encoding="utf-8")
    return json.loads(re.search(r'<script type="application/json" id="script">(.*?)</script>', page, re.DOTALL).group(1))


def test_a_picture_before_training_after_every_second_epoch_and_at_the_end(tmp_path):
    x, y = data()
    path = tmp_path / "deeper" / "snapshots.html"
    model = trained(mg.GraphSnapshot(path, every=2, batch=(x[:2], y[:2])), epochs=5)
    script = script_of(path)
    assert [one["epoch"] for one in script["epochs"]] == [0, 2, 4, 5]
    assert script["epochs"][0]["loss"] is None
    assert [one["loss"] for one in script["epochs"][1:]] == pytest.approx([model.history.history["loss"][k] for k in (1, 3, 4)], rel=1e-4)
    assert script["live"] is False and not list(path.parent.glob(".*"))
    pictures = ["\n".join(script["lines"][k] for k in one["lines"]) for one in script["epochs"]]
    assert all(p.startswith("<svg") and p.endswith("</svg>") for p in pictures) and len(set(pictures)) == 4
    assert "W_hh.grad" in pictures[0] and "var(--gradient)" in pictures[0] and not re.search(r'(fill|stroke)="#', pictures[0])


def test_what_stays_the_same_is_kept_once(tmp_path):
    x, y = data()
    path = tmp_path / "a.html"
    trained(mg.GraphSnapshot(path, batch=(x[:1], y[:1])), epochs=4)
    script = script_of(path)
    assert len(set(script["lines"])) == len(script["lines"]) < 0.8 * sum(len(one["lines"]) for one in script["epochs"])


@pytest.mark.parametrize("options", [{}, {"dropout": 0.3}, {"stateful": True}])
def test_the_training_does_not_notice(options, tmp_path):
    x, y = data()
    count = 8 if options.get("stateful") else 2
    watched = trained(mg.GraphSnapshot(tmp_path / "a.html", batch=(x[:count], y[:count])), **options)
    alone = trained(**options)
    for a, b in zip(watched.weights, alone.weights, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
        assert (a.grad is None) == (b.grad is None)
        if a.grad is not None:
            np.testing.assert_array_equal(a.grad, b.grad)
    assert watched.history.history == alone.history.history


def test_the_strip_is_the_reach_of_the_gradient(tmp_path):
    x, y = data()
    snapshot = mg.GraphSnapshot(tmp_path / "a.html", batch=(x[:2], y[:2]), of="h")
    model = trained(snapshot, epochs=2)
    with mg.Trace() as trace:
        loss = model.compute_loss(y[:2], model(mg.Tensor(x[:2])))
    loss.backward()
    expected = np.log10(relative(profile(read(trace), "h")))
    np.testing.assert_allclose(snapshot.epochs[-1]["reach"], expected, rtol=1e-3, atol=1e-4)
    assert snapshot.epochs[-1]["reach"][-1] == 0.0


def test_the_page_is_one_file_that_fetches_nothing(tmp_path):
    x, y = data()
    snapshot = mg.GraphSnapshot(tmp_path / "a.html", batch=(x[:1], y[:1]), view="rolled", words={"epoch": "Epoche {number}"}, title="<b>&</b>")
    trained(snapshot, epochs=1)
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "Epoche {number}" in page and "<b>&</b>" not in page and page.count("</script>") == 2
    assert not re.search(r'(src|href)="|url\(|@import|https?://(?!www\.w3\.org)', page)
    assert snapshot._repr_html_().startswith("<iframe srcdoc=")


def test_long_trainings_are_thinned_out(tmp_path):
    x, y = data()
    snapshot = mg.GraphSnapshot(tmp_path / "a.html", batch=(x[:1], y[:1]), most=4)
    trained(snapshot, epochs=12)
    assert [one["epoch"] for one in snapshot.epochs] == [0, 4, 8, 12] and snapshot.every == 1
    trained(snapshot, epochs=2)
    assert [one["epoch"] for one in snapshot.epochs] == [0, 1, 2], "each fit begins anew"


def test_while_it_trains_the_page_says_so(tmp_path):
    seen = []

    class Look(mg.training.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append((script_of(tmp_path / "a.html")["live"], len(script_of(tmp_path / "a.html")["epochs"])))

    x, y = data()
    snapshot = mg.GraphSnapshot(tmp_path / "a.html", batch=(x[:1], y[:1]))
    mg.set_random_seed(0)
    model = mg.Sequential([mg.layers.GRU(3), mg.layers.Dense(2)])  # not built: the first look makes its weights
    model.compile("sgd", mg.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x, y, epochs=2, verbose=0, callbacks=[snapshot, Look()])
    assert seen == [(True, 2), (True, 3)]


def test_a_batch_is_asked_for_by_name(tmp_path):
    with pytest.raises(TypeError, match="batch"):
        mg.GraphSnapshot()
    with pytest.raises(ValueError, match=r"batch is \(x, y\)"):
        mg.GraphSnapshot(batch=np.zeros((2, 3)))
    with pytest.raises(ValueError, match="every is at least 1"):
        mg.GraphSnapshot(batch=(1, 2), every=0)
