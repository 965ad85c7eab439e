# %% [markdown]
# # 15. A hundred steps back
# **The idea.** Same task, same budget, four memories. Only a task with a real gap shows the difference.
#
# The lectures say that vanilla recurrent nets "don't work very well" and that gates help. On most examples that is hard to
# see: lesson 08's parity, a short text, digits row by row, all are learned by the vanilla net as well. So take a task
# whose gap you can set, and count updates.
#
# You need lesson 14. Time: forty seconds.
# %%
from _kit import Lesson, mg, np, plt
from tqdm import tqdm

from minigrad import datasets, inspection

L = Lesson(__file__, pictures=["adding", "trace"])
T, REPEATS, BUDGET, UNITS = L.pick(60, 100, 200), L.pick(1, 3), L.pick(300, 600, 1000), 32
# %% [markdown]
# ## The adding problem
# A sequence of random numbers in $[0, 1)$, two of them marked, one in each half. What is the sum of the two? Everything in
# between must not disturb (Hochreiter and Schmidhuber 1997).
# %%
x, y = datasets.adding(1, 8)
print("  numbers " + " ".join(f"{v:.2f}" for v in x[0, :, 0]) + "\n  marks   " + " ".join(f"{v:4.0f}" for v in x[0, :, 1])
      + f"\n  answer  {y[0, 0]:.2f}")  # fmt: skip
x_test, y_test = datasets.adding(1000, T)
L.predict("always answer 1, the mean. What is the mean squared error? (A uniform number has variance 1/12.)", 1 / 6, 0.01)
baseline = float(((y_test - 1) ** 2).mean())
L.check("mean squared error of always answering 1", baseline, "~", (1 / 6, 0.03))
# %% [markdown]
# ## Four memories
# The vanilla net, LSTM and GRU; and the IRNN of Le, Jaitly and Hinton (2015): rectifiers, and $W_{hh}$ begins as the identity,
# so that a state, left alone, stays. Adam, gradients clipped at norm 1, 50 new sequences in every update. The vanilla net
# has the GRU's setting; others of it do no better here.
# %%
SETTINGS = {  # layer, learning rate, budget of updates
    "GRU": (lambda: mg.layers.GRU(UNITS, kernel_initializer="lecun_uniform"), 0.02, BUDGET),
    "LSTM": (lambda: mg.layers.LSTM(UNITS, kernel_initializer="lecun_uniform"), 0.02, BUDGET),
    "RNN": (lambda: mg.layers.RNN(UNITS, kernel_initializer="lecun_uniform"), 0.02, BUDGET),
    "IRNN": (lambda: mg.layers.RNN(2 * UNITS, "relu", recurrent_initializer="identity"), 0.001, 2000),
}


def train(name):
    """Until the error on 1,000 unseen sequences is below 0.01, or the budget is spent."""
    make, rate, budget = SETTINGS[name]
    layer, readout, optimizer = make(), mg.layers.Dense(1), mg.optimizers.Adam(rate, global_clipnorm=1.0)
    curve = {}
    for update in tqdm(range(1, budget + 1), desc=name, disable=None, leave=False):
        x, y = datasets.adding(50, T)
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
    print(f"  {name:<5} {'solved after' if curve[update] < 0.01 else 'not solved in'} {update:>4} updates, error {curve[update]:.4f}", flush=True)
    return curve, layer, readout


L.predict(f"a gap of about {T // 2} steps. Which of GRU, LSTM, RNN is fastest?", "GRU")
names = L.pick(["GRU", "RNN"], ["GRU", "LSTM", "RNN", "IRNN"])
runs = {name: [train(name) for _ in range(REPEATS)] for name in names}
final = {name: [list(curve.values())[-1] for curve, _, _ in of] for name, of in runs.items()}
for name in names:
    if name == "RNN":
        L.check(f"the vanilla net after {BUDGET} updates, error / that of answering 1: the best run", min(final[name]) / baseline, ">", 0.85)
    else:
        L.check(f"{name}: error of the worst run", max(final[name]), "<", 0.02 if name == "IRNN" else 0.01)
# %% [markdown]
# The GRU, whose gradient was no better than the vanilla net's before training (lesson 14), is the fastest of all. Gates do
# not give a long memory, they make it learnable.
#
# This is a statement about a budget. The vanilla net *can* represent the answer, and with ten times the updates some runs
# begin to move. And the IRNN shows that gates are not the only way: a start at the identity keeps the road open, too.
# %%
figure, axes = plt.subplots()
for number, (name, of) in enumerate(runs.items()):
    for curve, _, _ in of:
        axes.semilogy(list(curve), list(curve.values()), color=f"C{number}", label=name if curve is of[0][0] else None)
axes.axhline(baseline, color="grey", linestyle=":", label="always 1")
axes.set(xlabel="updates", ylabel="mean squared error", title=f"Adding two numbers among {T}")
axes.legend()
L.figure("adding", figure, **{f"{name}_{k}": list(curve.items()) for name, of in runs.items() for k, (curve, _, _) in enumerate(of)})
# %% [markdown]
# ## What the solved net does
# Ask the readout at *every* step, although it was trained at the last one only: expect an answer after the second mark
# and nothing in particular before. And look at the keep gate $z$ of $h_t = z \odot h_{t-1} + (1 - z) \odot \tilde h$: when does it let
# something in?
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
# `python -m lessons export --student DIR` writes the questions in full; `python -m lessons check 15 answers.py` grades them.
# 1. *Predict*, `baseline`. The baseline for numbers from another range.
# 2. *Build.* `irnn(units)`: the layer of Le, Jaitly and Hinton.
# 3. *Predict*, `claim`. The vanilla net gets ten times the updates and begins to learn. Which claim still stands?
# %%
L.done()
