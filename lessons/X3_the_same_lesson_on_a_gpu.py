# %% [markdown]
# # X3. The same lesson on a GPU
# **The idea.** A formula in plain NumPy runs wherever its arrays live. Whether it is *faster* there depends on two
# numbers: how many operations an update starts, and how much arithmetic is in each.
#
# A graphics card (GPU) does thousands of multiplications at once, but somebody has to start every operation: a
# *launch*. A launch costs some millionths of a second, however small the arrays. A recurrent net is a chain of small
# operations, so it is the hard case. Lesson 17's net is counted here on any machine, and timed on a GPU where there is
# one (`pip install cupy-cuda12x`); without one, the last part says that it was skipped.
#
# You need lessons 14 and 17; for the last part a GPU and CuPy. Time: five seconds.
# %%
import time

from _kit import Lesson, mg, np, plt

L = Lesson(__file__, pictures=["two_steps", "crossing"])
BATCH, LETTERS = 32, 96
price = mg.losses.CategoricalCrossentropy(from_logits=True)
# %% [markdown]
# ## Arrays that live elsewhere
# `np.tanh(x)` first asks `x` whether it would rather do it itself: by `__array_ufunc__` for functions that go number by
# number, by `__array_function__` for the others (NumPy's proposals NEP 13 and NEP 18). CuPy's arrays answer yes and
# launch the operation on the GPU. The class below answers yes too. Its numbers stay in this computer, but they cannot be
# had without asking, and every launch is counted. (Views, such as a slice or a reshape, move nothing and launch nothing.)
# %%
VIEWS = ("reshape", "swapaxes", "transpose", "broadcast_to", "empty_like", "__getitem__")


class Elsewhere(np.lib.mixins.NDArrayOperatorsMixin):
    """An array whose values are somewhere else: it counts the operations started on it, and the trips home."""

    launches = trips = 0

    def __init__(self, values):
        self.values = np.asarray(values)

    def __array__(self, *_, **__):
        raise TypeError("the values are elsewhere; float(x) fetches one number")

    def __float__(self):  # whoever asks for a number waits until all that was launched is done
        Elsewhere.trips += 1
        return float(self.values)

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        return launch(getattr(ufunc, method), inputs, options)

    def __array_function__(self, function, types, inputs, options):
        return launch(function, inputs, options)

    def __getitem__(self, index):
        return launch(self.values.__getitem__, (index,), {})

    def __setitem__(self, index, value):
        launch(self.values.__setitem__, (index, value), {})

    def __len__(self):
        return len(self.values)

    def __getattr__(self, name):  # the methods and the shape of the array that it stands for
        found = getattr(self.values, name)
        return (lambda *inputs, **options: launch(found, inputs, options)) if callable(found) else there(found)


def here(x):
    return x.values if isinstance(x, Elsewhere) else type(x)(map(here, x)) if isinstance(x, (list, tuple)) else x


def there(x):
    return Elsewhere(x) if isinstance(x, (np.ndarray, np.generic)) else x


def launch(function, inputs, options):
    """Do it where the values are; the result stays there."""
    Elsewhere.launches += function.__name__ not in VIEWS
    result = function(*here(inputs), **{name: here(value) for name, value in options.items()})
    return options["out"][0] if isinstance(options.get("out"), tuple) else there(result)


# %% [markdown]
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
    L.check(f"{how}: each further step adds the same number", third - second, "==", second - first)
    L.check(f"{how}: four times as many cells, launches", counted(64, 8, unroll)[0], "==", first)
# %% [markdown]
# Launches grow with the steps and not with the cells. A kernel spares Python's book-keeping, and only some launches: it
# is made of NumPy's operations too. Below two steps as the library draws them: each box is at least one launch.
# %%
with mg.Trace() as trace:
    update(net(8, unroll=True), *batch(2))
L.figure("two_steps", mg.draw(trace, title="Two steps of an LSTM, operation by operation"))
# %% [markdown]
# ## How much arithmetic?
# The products of a step have $B \cdot 4H \cdot (H + F)$ multiplications, forward once and backward twice. Double $H$,
# and the arithmetic grows almost fourfold, while the launches stay. So the time of an update on a GPU is about
# $$\text{launches} \times a + \text{multiplications} \times b,$$ with a large $a$ and a tiny $b$; on a processor it is
# the other way round. The CPU's side of it, measured:
# %%
STEPS, SIZES = L.pick(8, 32), L.pick((32, 64, 128, 256), (64, 128, 256, 512, 1024))


def milliseconds(model, x, y, repeats=3):
    """Of one update: the fastest of some. Asking for the loss waits until everything before it is done."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        loss = float(mg.to_cpu(update(model, x, y)).data)
        times.append(1000 * (time.perf_counter() - began))
    return min(times), loss


x, y = batch(STEPS)
models = {units: net(units) for units in SIZES}
cpu = {units: milliseconds(model, x, y) for units, model in models.items()}
count = counted(16, STEPS)[0]
floor = count * 10e-3  # milliseconds, at ten millionths of a second a launch
for units, (ms, _) in cpu.items():
    work = 3 * STEPS * BATCH * (4 * units * (units + LETTERS) + units * LETTERS)
    print(
        f"  H = {units:4}: {work / 1e6:8,.0f} million multiplications in {count} launches; CPU {ms:7.1f} ms, "
        f"{1000 * BATCH * STEPS / ms:9,.0f} characters a second"
    )
L.check("time of an update, largest net over smallest", cpu[SIZES[-1]][0] / cpu[SIZES[0]][0], ">", 3)
worth = [units for units in SIZES if cpu[units][0] > floor]
print(
    f"  at ten millionths of a second a launch, starting {count} operations takes {floor:.1f} ms: no GPU wins where\n"
    f"  the CPU needs less; that leaves H = {', '.join(map(str, worth)) or 'none of these'}"
)
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
    gpu = {units: milliseconds(model, x, y) for units, model in models.items()}
    for units, (ms, loss) in gpu.items():
        print(f"  H = {units:4}: GPU {ms:7.1f} ms, {cpu[units][0] / ms:5.1f} times as fast as the CPU")
        L.check(f"H = {units}: the loss on the GPU and on the CPU, difference", abs(loss - cpu[units][1]), "<=", 1e-4)
    first, last = SIZES[0], SIZES[-1]
    growth = (cpu[last][0] / cpu[first][0]) / (gpu[last][0] / gpu[first][0])
    L.check("a larger net costs the CPU more than the GPU: how many times", growth, ">", 2)
    if L.mode != "fast":
        L.check(f"H = {last}: the GPU is ahead, times", cpu[last][0] / gpu[last][0], ">", 1)
figure, axes = plt.subplots()
axes.loglog(SIZES, [cpu[units][0] for units in SIZES], "o-", label="CPU, one core, measured")
if gpu:
    axes.loglog(SIZES, [gpu[units][0] for units in SIZES], "o-", label="GPU, measured")
axes.axhline(floor, linestyle="--", color="grey", label=f"{count} launches of 10 µs each, assumed")
axes.set(xlabel="cells H", ylabel="ms per update", title=f"One update of {BATCH} × {STEPS} characters")
axes.set_xticks(SIZES, [str(units) for units in SIZES], minor=False)
axes.minorticks_off()
axes.legend()
L.figure(
    "crossing",
    figure,
    sizes=SIZES,
    cpu=[cpu[units][0] for units in SIZES],
    gpu=[gpu[units][0] for units in gpu],
    floor=floor,
)
# %% [markdown]
# ## What it does not show
# What your GPU takes for a launch: ten millionths of a second is an assumption, and drawn as one. Libraries made for
# speed start a whole layer at once (cuDNN) or replay a recorded chain of launches (CUDA graphs); minigrad does neither.
#
# ## Exercises
# `python -m lessons check X3 answers_X3.py` grades them, with or without a GPU.
# 1. *Predict*, `launches_at`. The launches of an update of other length, from two that were counted.
# 2. *Build*, `normalise`. $(x - \bar x) / \sqrt{\mathrm{var} + \varepsilon}$ over the last axis, wherever $x$ lives.
# 3. *Build*, `mean_loss`. The mean of many losses, with one trip home instead of one for each.
# %%
L.done()
