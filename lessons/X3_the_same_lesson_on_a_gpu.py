# %% [markdown]
# # X3. The same lesson on a GPU
# **The idea.** A formula in plain NumPy runs wherever its arrays live. Whether it is *faster* there depends on two
# numbers: how many operations an update starts, and how much arithmetic is in each.
#
# A graphics card (GPU) does thousands of multiplications at once, but somebody has to start every operation: a
# *launch*, which has its price however small the arrays are. A recurrent net is a chain of small operations, so it is
# the hard case. Lesson 17's net is counted here on any machine, and timed on a GPU where there is one
# (`pip install cupy-cuda12x`).
#
# You need lessons 14 and 17; for the last part a GPU and CuPy. Time: five seconds.
# %%
from _kit import Lesson, curves, fastest, mg, np

from minigrad.inspection import Elsewhere

L = Lesson(__file__, pictures=["two_steps", "crossing"])
BATCH, LETTERS = 32, 96
price = mg.losses.CategoricalCrossentropy(from_logits=True)
# %% [markdown]
# ## Arrays that live elsewhere
# `np.tanh(x)` first asks `x` whether it would rather do it itself: by `__array_ufunc__` for functions that go number by
# number, by `__array_function__` for the others (NumPy's proposals NEP 13 and NEP 18). CuPy's arrays answer yes and
# launch the operation on the GPU. minigrad's `inspection.Elsewhere` answers yes too. Its numbers stay in this computer,
# but cannot be had without asking, and it counts the launches. (Not views, such as a slice or a reshape, nor empty
# arrays.)
#
# ## One update, here and there
# The net and the loss of lesson 17, forward and backward. Nothing below mentions where the arrays live.
# %%
def net(units, unroll=False):
    lstm = mg.layers.LSTM(units, input_dim=LETTERS, return_sequences=True, unroll=unroll)
    model = mg.Sequential([lstm, mg.layers.Dense(LETTERS, name="readout")])
    model(np.zeros((1, 1, LETTERS), "float32"))  # the first use makes the weights
    return model


def update(model, x, y):
    """The loss of one batch, and every weight's gradient."""
    model.zero_grad()
    loss = price(y, model(x))
    loss.backward()
    return loss


def batch(steps):
    """Random letters, one-hot, and what should have been predicted: x, y (32, steps, 96)."""
    letters = mg.generator().integers(LETTERS, size=(BATCH, steps + 1))
    onehot = np.eye(LETTERS, dtype="float32")[letters]
    return onehot[:, :-1], onehot[:, 1:]


def counted(units, steps, unroll=False):
    """One update elsewhere: its launches, and the largest difference from the same gradients here."""
    model, (x, y) = net(units, unroll), batch(steps)
    update(model, x, y)
    expected = [w.grad for w in model.weights]
    for w in model.weights:
        w.data = Elsewhere(w.data)
    Elsewhere.launches = Elsewhere.trips = 0
    update(model, Elsewhere(x), Elsewhere(y))
    off = max(np.abs(w.grad.values - g).max() for w, g in zip(model.weights, expected, strict=True))
    return Elsewhere.launches, float(off)


_, off = counted(16, 8)
L.check("the gradients from elsewhere and those from here; largest difference", off, "<=", 1e-6)
L.check("numbers that were fetched on the way", Elsewhere.trips, "==", 0)
# %% [markdown]
# ## How many launches?
# %%
L.predict("twice as many cells in the LSTM: how many times as many launches?", 1)
launches = {}
for how, unroll in (("operation by operation", True), ("as one kernel", False)):
    launches[how] = [counted(16, steps, unroll)[0] for steps in (8, 16, 24)]
    print(f"  {how:<23} 8, 16, 24 steps: {launches[how][0]}, {launches[how][1]}, {launches[how][2]} launches")
    first, second, third = launches[how]
    L.check(f"{how}: eight further steps add the same number again", third - second, "==", second - first)
    L.check(f"{how}: four times as many cells, launches", counted(64, 8, unroll)[0], "==", first)
# %% [markdown]
# Launches grow with the steps and not with the cells. A kernel spares only some of them: it is made of NumPy's
# operations too.
# %%
with mg.Trace() as trace:
    update(net(8, unroll=True), *batch(2))
L.figure("two_steps", mg.draw(trace, title="Two steps of an LSTM, operation by operation"))
# %% [markdown]
# ## How much arithmetic?
# For $B$ sequences, $H$ cells and $F$ different letters the products of a step have $B \cdot 4H \cdot (H + F)$
# multiplications, forward once and backward twice. Double $H$, and the arithmetic grows up to fourfold, while the
# launches stay. So an update on a GPU should take about $\text{launches} \times a + \text{multiplications} \times b$
# with a large $a$ and a tiny $b$. We assume ten millionths of a second for $a$, and draw that as a line. The CPU's side
# of it, measured:
# %%
STEPS, SIZES = L.pick(8, 32), L.pick((32, 64, 128, 256), (64, 128, 256, 512, 1024))
timed = lambda model: fastest(lambda: float(mg.to_cpu(update(model, x, y)).data))  # to ask for the loss is to wait for all before
x, y = batch(STEPS)
models = {units: net(units) for units in SIZES}
cpu = {units: timed(model) for units, model in models.items()}
count = counted(16, STEPS)[0]
floor = count * 10e-3  # milliseconds, at ten millionths of a second a launch
for units, (ms, _) in cpu.items():
    work = 3 * STEPS * BATCH * (4 * units * (units + LETTERS) + units * LETTERS)
    print(f"  H = {units:4}: {work / 1e6:8,.0f} million multiplications in {count} launches; CPU {ms:7.1f} ms")
L.check("time of an update, largest net over smallest", cpu[SIZES[-1]][0] / cpu[SIZES[0]][0], ">", 3)
print(f"  to start {count} operations would take {floor:.1f} ms: where the CPU needs less, no GPU wins")
# %% [markdown]
# ## The same on a GPU
# `mg.to_gpu` moves the weights; the net computes where its weights are. No other line changes.
# %%
gpu = {}
try:
    models = {units: mg.to_gpu(model) for units, model in models.items()}
    x, y = mg.to_gpu(x), mg.to_gpu(y)
except RuntimeError as reason:
    L.skip(f"no GPU: {reason}")
else:
    gpu = {units: timed(model) for units, model in models.items()}
    for units, (ms, loss) in gpu.items():
        print(f"  H = {units:4}: GPU {ms:7.1f} ms, {cpu[units][0] / ms:5.1f} times as fast as the CPU")
        L.check(f"H = {units}: the loss on the GPU and on the CPU, difference", abs(loss - cpu[units][1]), "<=", 1e-4)
    first, last = SIZES[0], SIZES[-1]
    growth = (cpu[last][0] / cpu[first][0]) / (gpu[last][0] / gpu[first][0])
    L.check("a larger net costs the CPU more than the GPU: how many times", growth, ">", 2)
    if L.mode != "fast":
        L.check(f"H = {last}: the GPU is ahead, times", cpu[last][0] / gpu[last][0], ">", 1)
measured = {"CPU, one core": [ms for ms, _ in cpu.values()], "launches of 10 µs, assumed": [floor] * len(SIZES)}
measured |= {"GPU": [ms for ms, _ in gpu.values()]} if gpu else {}
curves(L, "crossing", measured, x=SIZES, log=True, marker="o", xlabel="cells H", ylabel="ms per update", xscale="log")
# %% [markdown]
# What it does not show: what your GPU takes for a launch. Libraries made for speed start a whole layer at once (cuDNN)
# or replay a recorded chain of launches (CUDA graphs); minigrad does neither.
#
# ## Exercises
# `python -m lessons export --student DIR` writes them in full, `python -m lessons check X3 DIR/answers_X3.py` grades.
# 1. *Predict*, `launches_at`. The launches of an update over another number of steps, from two that were counted.
# 2. *Build*, `normalise`. $(x - \bar x) / \sqrt{\mathrm{var} + \varepsilon}$ over the last axis, wherever $x$ lives.
# 3. *Build*, `mean_loss`. The mean of many losses, with one trip home instead of one for each.
# %%
L.done()
