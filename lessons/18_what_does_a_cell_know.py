# %% [markdown]
# # 18. What does a cell know?
# **The idea.** Among 128 cells there is always one that seems to follow whatever you look for. Whether the net
# has *learned* to follow it, only a control can tell: the best cell of a net that has learned nothing.
#
# The lectures show cells that fire inside quotes, count the column, or follow the depth of code (Karpathy, Johnson and
# Fei-Fei 2016). You look for such cells in an LSTM that reads Python, before and after training.
#
# You need lesson 17. Time: 45 seconds; a second run finds the weights of the first and takes seconds.
# %%
from pathlib import Path

from _kit import HERE, Lesson, mg, np, painted, plt

from minigrad import datasets
from minigrad.inspection import best_cell, linear_probe, paint, unrolled
from minigrad.training.tbptt import ResetStates, windows

KEEP = ("--keep", {"metavar": "FILE", "type": Path, "help": "where the trained weights are kept"})
L = Lesson(__file__, pictures=["bracket_cell", "control", "connectivity"], options=[KEEP])
letters = datasets.Vocabulary("\n" + "".join(map(chr, range(32, 127))))
clean = lambda text: "".join(c if c in letters.symbols else " " for c in text)
# %% [markdown]
# ## The net
# An LSTM of 128 cells learns to predict the next character of 600,000 of the standard library, as in lesson 17, with
# gradients that go back 64 characters. The control is the same net as it begins.
# %%
# `--fast` takes weights that come with the lessons, made by this file with --seed 1 --keep lessons/source_lstm.npz
BATCH, STEPS, EPOCHS = 16, 64, L.pick(1, 4, 10)
lstm = mg.layers.LSTM(128, input_dim=len(letters), batch_size=BATCH, return_sequences=True, stateful=True)
readout = mg.layers.Dense(len(letters), name="readout")
model = mg.Sequential([lstm, readout])
model(np.zeros((BATCH, 1), int))  # the first use makes the weights
untrained = lstm.cell.get_weights()
kept = L.options.keep or (HERE / "source_lstm.npz" if L.mode == "fast" else L.out / f"lstm_{L.mode}_{L.seed}.npz")
if not kept.exists():
    batches = windows(letters.encode(clean(datasets.python_source())), BATCH, STEPS)
    rate = mg.schedules.CosineDecay(0.01, decay_steps=EPOCHS * len(batches), alpha=0.05)
    model.compile(mg.optimizers.Adam(rate, global_clipnorm=1.0), mg.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(batches, epochs=EPOCHS, callbacks=ResetStates())
    np.savez(kept, *(w.astype("float16") for w in lstm.cell.get_weights() + readout.get_weights()))
*trained, W, b = (w.astype("float32") for w in np.load(kept).values())  # the LSTM's, then the readout's
# %% [markdown]
# ## What there is to know
# Three modules that it has never read, and labels for their characters, made by Python's own tokenizer: *bracket
# depth*, how many brackets are open; *column*, how long its line is so far; *leading space*, 1 while the line has only
# spaces; *docstring*, *comment*, *string*, 1 inside. For each: the cell that follows it best on the *first* half of the
# text, with $r$, the correlation of its $c$ and the label there → its $r$ on the *second* half. And *probe*: the $r$ of
# the best weighted sum of all cells, fitted on the first half, on the second: what is known, by one cell or by many.
# %%
MODULES, LENGTH = ["http.cookiejar", "logging.handlers", "xml.etree.ElementTree"], L.pick(2500, 8000)
sources = [clean(datasets.python_source(10**6, name)) for name in MODULES]
x = np.array([letters.encode(source[:LENGTH]) for source in sources])
labels = [datasets.source_labels(source) for source in sources]
PROPERTIES = ["bracket depth", "docstring", "comment", "string", "column", "leading space"]
label = {name: np.concatenate([one[name][:LENGTH, None] for one in labels], axis=1) for name in PROPERTIES}  # (LENGTH, 3)


def cells(weights):
    """c of every cell after every character: (LENGTH, 3, 128)."""
    lstm.cell.set_weights(weights)
    with mg.no_grad():
        return np.stack([c.data for _, c in unrolled(lstm, x)[1:]])


memory = {"trained": cells(trained), "untrained": cells(untrained)}
found = {net: {} for net in memory}
L.predict("'bracket depth' or 'leading space': which of the two does a net follow that has learned nothing?", "leading space")
print(f"  {'':<16}{'trained: cell, r → r, probe':<34}untrained: cell, r → r, probe")
for name in PROPERTIES:
    line = f"  {name:<16}"
    for net, c in memory.items():
        a, y = c.reshape(-1, c.shape[-1]), label[name].ravel()
        found[net][name] = cell = best_cell(a, y)
        line += f"{cell.unit:>8}  {cell.r:+.2f} → {cell.held_out:+.2f}   {linear_probe(a, y):.2f}      "
    print(line)
held_out = {net: {name: abs(cell.held_out) for name, cell in row.items()} for net, row in found.items()}
times = {name: held_out["trained"][name] / held_out["untrained"][name] for name in PROPERTIES}
L.check("bracket depth: r of the best cell, where it was not chosen", held_out["trained"]["bracket depth"], ">=", 0.4)
L.check("bracket depth: times the untrained net's best cell", times["bracket depth"], ">=", 2)
L.check("leading space: r of an untrained net's best cell", held_out["untrained"]["leading space"], ">=", 0.3)
L.check("leading space: times the untrained net's best cell", times["leading space"], "<", 1.5)
# %% [markdown]
# "A cell for indentation" comes free. The likely reason: a run of spaces drives any recurrent net to its own place.
# %%
figure, axes = plt.subplots(figsize=(9, 4))
for k, (net, row) in enumerate(held_out.items()):
    axes.bar(np.arange(len(row)) + 0.4 * k - 0.2, row.values(), 0.38, label=net)
axes.set(xticks=range(len(PROPERTIES)), xticklabels=PROPERTIES, ylabel="|r| on the held-out half", ylim=(0, 1))
axes.legend()
L.figure("control", figure, **{net: np.array(list(row.values())) for net, row in held_out.items()})
# %% [markdown]
# ## The lectures' picture
# The source, every character on what the bracket cell holds after reading it; `bracket_cell.html` has more of it.
# %%
cell = found["trained"]["bracket depth"]
start = sources[0].rfind("\n", 0, max(0, int(label["bracket depth"][:, 0].argmax()) - 200)) + 1  # before the deepest
values = np.sign(cell.r) * memory["trained"][:, 0, cell.unit]  # turned so that a high value means deep
values = (values - values.mean()) / np.abs(values - values.mean()).max()
figure, axes = plt.subplots(figsize=(11, 4))
painted(axes, sources[0][start:LENGTH], values[start:], lines=14, title=f"cell {cell.unit}: purple where it says deep")
L.figure("bracket_cell", figure, values=values[start:])
paint(sources[0][:LENGTH], values, f"cell {cell.unit} and the depth of brackets").save(L.out / "bracket_cell.html")
# %% [markdown]
# ## How far back does it look?
# The gradient of the highest score with respect to the input $k$ characters before says how much that one matters.
# %%
def reach(weights, steps=60):
    """Mean of the norm of ∂score/∂x_{t−k} over some places of the text, relative to k = 0: (steps,)."""
    lstm.cell.set_weights(weights)
    excerpts = np.concatenate([x[:, p : p + steps] for p in np.linspace(0, LENGTH - steps, 20).astype(int)])
    given = mg.Tensor(np.eye(len(letters), dtype="float32")[excerpts], requires_grad=True)
    score = readout(mg.layers.RNN(lstm.cell)(given)).max(axis=-1).sum()
    norms = np.linalg.norm(mg.gradients(score, [given])[0].data, axis=-1).mean(axis=0)[::-1]
    return norms / norms[0]


far = {"untrained": reach(untrained)}
readout.set_weights([W, b])
far["trained"] = reach(trained)
figure, axes = plt.subplots()
for net, norms in far.items():
    print(f"  {net}: the influence of a character falls below 1 % after {int(np.argmax(norms < 0.01)) or 'more than 60'} steps")
    axes.semilogy(norms, label=net)
axes.set(xlabel="characters back", ylabel="influence on the highest score", title="How far back the net looks")
axes.legend()
L.figure("connectivity", figure, **far)
L.check("influence 40 characters back, trained against untrained", far["trained"][40] / far["untrained"][40], ">", 2)
# %% [markdown]
# What it does not show: that the net *uses* this cell, or that there is only one; knowledge may be spread over many.
#
# ## Exercises
# `python -m lessons export --student DIR` writes them in full, `python -m lessons check 18 DIR/answers_18.py` grades.
# 1. *Predict*, `luck`. The best of 128 cells that do nothing at all: how well does it correlate with anything?
# 2. *Build.* `correlation(a, y)` of every cell with a label.
# 3. *Build.* `honest(a, y)`: choose on one half, tell the other half's $r$.
# %%
L.done()
