# %% [markdown]
# # 15. A hundred steps back
# **The idea.** Same task, four memories, three of them with the same budget. Only a real gap shows the difference.
#
# The lectures say that vanilla recurrent nets "don't work very well" and that gates help. On many examples that is hard
# to see: lesson 08's parity and lesson 10's poem are learned by the vanilla net. So take a task whose gap you can set,
# and count updates.
#
# You need lesson 14. Time: half a minute.
# %%
from _kit import Lesson, mg, np, plt
from tqdm import tqdm

from minigrad import datasets, inspection

L = Lesson(__file__, pictures=["adding", "trace"])
T, REPEATS, BUDGET, UNITS = L.pick(60, 100, 200), L.pick(1, 3), L.pick(300, 800, 1000), 32
# %% [markdown]
# ## The adding problem
# A sequence of random numbers in $[0, 1)$, two of them marked, one in each half. What is the sum of the two? Everything
# in between must not disturb (Hochreiter and Schmidhuber 1997).
# %%
x, y = datasets.adding(1, 8)
print("  numbers " + " ".join(f"{v:.2f}" for v in x[0, :, 0]) + "\n  marks   " + " ".join(f"{v:4.0f}" for v in x[0, :, 1])
      + f"\n  answer  {y[0, 0]:.2f}")  # fmt: skip
tests = {length: datasets.adding(1000, length) for length in (10, T)}
L.predict("always answer 1, the mean. What is the mean squared error? (A uniform number has variance 1/12.)", 1 / 6, 0.01)
baseline = float(((tests[T][1] - 1) ** 2).mean())
L.check("mean squared error of always answering 1", baseline, "~", (1 / 6, 0.03))
# %% [markdown]
# ## Four memories
# The vanilla net, LSTM and GRU; and the IRNN of Le, Jaitly and Hinton (2015): rectifiers, and $W_{hh}$ begins as the
# identity, so that a state, left alone, stays. Adam, gradients clipped at norm 1, 50 new sequences in every update.
# Three have the same setting (input weights begin with variance 1/n, lesson 04). The IRNN learns slowly: it gets twice
# the units, a twentieth of the rate and 2,000 updates, and enters no race. (With as much, the vanilla net is hardly better
# than always answering 1, either: `tests/test_long_memory.py` asserts it.)
# %%
SETTINGS = {  # layer, learning rate, budget of updates
    "GRU": (lambda: mg.layers.GRU(UNITS, kernel_initializer="lecun_uniform"), 0.02, BUDGET),
    "LSTM": (lambda: mg.layers.LSTM(UNITS, kernel_initializer="lecun_uniform"), 0.02, BUDGET),
    "RNN": (lambda: mg.layers.RNN(UNITS, kernel_initializer="lecun_uniform"), 0.02, BUDGET),
    "IRNN": (lambda: mg.layers.RNN(2 * UNITS, "relu", recurrent_initializer="identity"), 0.001, 2000),
}


def train(name, length=T):
    """Until the error on 1,000 unseen sequences is below 0.01, or the budget is spent."""
    make, rate, budget = SETTINGS[name]
    x_test, y_test = tests[length]
    layer, readout, optimizer = make(), mg.layers.Dense(1), mg.optimizers.Adam(rate, global_clipnorm=1.0)
    curve = {}
    for update in tqdm(range(1, budget + 1), desc=name, disable=None, leave=False):
        x, y = datasets.adding(50, length)
        error = readout(layer(x)) - y
        parameters = [*layer.parameters(), *readout.parameters()]
        for w in parameters:
            w.zero_grad()
        (error * error).mean().backward()
        optimizer.step(parameters)
        if update % 50 == 0:
            with mg.no_grad():
                curve[update] = float(np.mean((readout(layer(x_test)).data - y_test) ** 2))
            if curve[update] < 0.01:
                break
    print(f"  {name:<5} among {length:>3}: {'solved after' if curve[update] < 0.01 else 'not solved in'} {update:>4} updates, error {curve[update]:.4f}", flush=True)
    return curve, layer, readout


near, _, _ = train("RNN", length=10)
L.check("two among ten: the vanilla net's error / that of answering 1", near[max(near)] / baseline, "<", 0.3)
L.predict(f"two among {T}, so about {T // 2} steps apart. Which of GRU, LSTM, RNN needs the fewest updates?", "GRU")
names = L.pick(["GRU", "RNN"], ["GRU", "LSTM", "RNN", "IRNN"])
runs = {name: [train(name) for _ in range(REPEATS)] for name in names}
final = {name: [curve[max(curve)] for curve, _, _ in tries] for name, tries in runs.items()}
updates = {name: np.mean([max(curve) for curve, _, _ in tries]) for name, tries in runs.items()}
for name in names:
    if name == "RNN":
        L.check(f"the vanilla net after {BUDGET} updates, error / that of answering 1: the best run", min(final[name]) / baseline, ">", 0.85)
    else:
        L.check(f"{name}: error of the worst run", max(final[name]), "<", 0.02 if name == "IRNN" else 0.01)
# %% [markdown]
# The GRU, whose gradient was far *worse* than the vanilla net's before training (lesson 14), needs the fewest. So gates
# do not give a long memory at the start; they make it learnable. And this is a statement about a budget: no run here
# says what the vanilla net would do with more (try `--long`). The IRNN shows that gates are not the only way: a
# rectifier's slope is 1 wherever it is on, and with the identity for $W_{hh}$ the road is open at the start. At this
# length the rectifier counts for more than the identity: from an orthogonal start it learns, too, a little later, and a
# tanh net from the identity does not (the same test).
# %%
for slower in names[1:-1]:
    L.check(f"updates of the GRU / of the {slower}, on average", updates["GRU"] / updates[slower], "<", 1)
figure, axes = plt.subplots()
for number, (name, tries) in enumerate(runs.items()):
    for curve, _, _ in tries:
        axes.semilogy(list(curve), list(curve.values()), color=f"C{number}", label=name if curve is tries[0][0] else None)
axes.axhline(baseline, color="grey", linestyle=":", label="always 1")
axes.set(xlabel="updates", ylabel="mean squared error", ylim=(1e-3, 2), title=f"Adding two numbers among {T}")
axes.legend(ncols=5, loc="upper center")
L.figure("adding", figure, **{f"{name}_{k}": list(curve.items()) for name, tries in runs.items() for k, (curve, _, _) in enumerate(tries)})
# %% [markdown]
# ## What the solved net does
# Ask the readout at *every* step, although it was trained at the last one only (see the picture). And look at the keep
# gate $z$ of $h_t = z \odot h_{t-1} + (1 - z) \odot \tilde h$, with $\tilde h$ the new state that it proposes: when
# does it let something in?
# %%
_, gru, readout = runs["GRU"][0]
x, y = datasets.adding(200, T)
marked = x[..., 1] == 1
states = np.stack([h.data for (h,) in inspection.unrolled(gru, x)], axis=1)  # (200, T + 1, units)
change = np.linalg.norm(np.diff(states, axis=1), axis=-1)
z = inspection.gates(gru, x)["z"]
print(f"  change of the state at a mark {change[marked].mean():.3f}, elsewhere {change[~marked].mean():.3f}")
print(f"  keep gate at a mark {z[marked].mean():.2f}, elsewhere {z[~marked].mean():.2f}")
L.check("the state changes more at a mark than elsewhere; how many times", change[marked].mean() / change[~marked].mean(), ">", 2)
L.check("the gate keeps less at a mark than elsewhere; difference", float(z[~marked].mean() - z[marked].mean()), ">", 0.01)
figure, (above, below) = plt.subplots(2, 1, sharex=True)
so_far = np.cumsum(x[0, :, 0] * x[0, :, 1])
above.plot(readout(mg.Tensor(states[0, 1:])).data[:, 0], label="the readout, asked at every step")
above.step(range(T), so_far, where="post", color="grey", label="sum so far")
above.legend(loc="lower right")
below.plot(z[0].mean(axis=-1), label="keep gate, mean over units")
below.legend(loc="lower right")
for step in np.flatnonzero(marked[0]):
    above.axvline(step, color="grey", linestyle=":")
    below.axvline(step, color="grey", linestyle=":")
below.set(xlabel="step (dotted: the marks)")
L.figure("trace", figure, states=states[0], z=z[0], so_far=so_far)
# %% [markdown]
# ## Exercises
# `python -m lessons export --student DIR` writes them in full, `python -m lessons check 15 DIR/answers_15.py` grades.
# 1. *Predict*, `baseline`. The baseline for numbers from another range.
# 2. *Build.* `irnn(units)`: the layer of Le, Jaitly and Hinton.
# 3. *Predict*, `claim`. Suppose the vanilla net begins to learn with ten times the updates. Which of three claims still
#    stands?
# %%
L.done()
