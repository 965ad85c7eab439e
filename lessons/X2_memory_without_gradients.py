# %% [markdown]
# # X2. Memory without gradients
# **The idea.** Recurrent nets remembered before anybody sent gradients through time. In one kind the memories are the
# states where the net comes to rest; in the other a random net echoes its past, and only a readout is fitted.
#
# One of the lectures passes by both: Hopfield's network, where $w_{ij}$ is the strength of the connection from unit $j$
# to unit $i$, and the echo state network of Jaeger (2001). The second answers half of lesson 11's puzzle, where a net
# whose recurrent weights were left at random remembered better than the trained one: it shows *that* random nets
# remember.
#
# You need lessons 11 and 12. Time: two seconds.
# %%
from _kit import Lesson, mg, np, plt

from minigrad import datasets, inspection
from minigrad.models import EchoState, Hopfield

L = Lesson(__file__, pictures=["recall", "echo", "forecast"])
rng = mg.generator()
# %% [markdown]
# ## Hopfield: to remember is to come to rest
# $n = 64$ units, each −1 or 1, one for each pixel of a digit. Patterns $X$ are stored by a formula, Hebb's rule
# $W = X^T X / n$ with a diagonal of 0: units that agree in the patterns are joined, none to itself. To recall, begin
# with a damaged picture and ask one unit after another to agree with what it hears. Each time the energy
# $-\frac12 s W s^T$ can only fall; so it ends somewhere.
# %%
pictures, labels = datasets.digits()
ten = np.array([np.where(pictures[rng.choice(np.flatnonzero(labels == d))].ravel() > 0.5, 1.0, -1.0) for d in range(10)])
noise = np.where(rng.random((10, 64)) < 0.5, 1.0, -1.0)  # ten patterns that have nothing in common


def damaged(pattern):
    flip = np.isin(np.arange(64), rng.choice(64, 8, replace=False))
    return np.where(flip, -pattern, pattern)


def recalled(patterns, rule="hebb", trials=5):
    """How often a pattern with 8 of its 64 pixels flipped comes back without a fault."""
    net = Hopfield(patterns, rule)
    return float(np.mean([(net.recall(damaged(p)) == p).all() for p in patterns for _ in range(trials)]))


net, state = Hopfield(ten[:2]), damaged(ten[0])
energies = [net.energy(state)]
for _ in range(3):
    state = net.recall(state, sweeps=1)
    energies.append(net.energy(state))
print("  energy, sweep by sweep: " + " → ".join(f"{e:.2f}" for e in energies))
L.check("the energy fell, and never rose", max(np.diff(energies)), "<=", 1e-9)
L.predict("five digits by Hebb's rule, with 8 pixels flipped: how many of five come back?", 0)
print("  patterns stored     2      5     10")
for name, patterns, rule in (("digits, Hebb", ten, "hebb"), ("random, Hebb", noise, "hebb"), ("digits, other rule", ten, "pseudo_inverse")):
    print(f"  {name:<18}" + "".join(f"{recalled(patterns[:k], rule):7.2f}" for k in (2, 5, 10)))
L.check("two digits by Hebb", recalled(ten[:2]), ">=", 0.9)
L.check("five random patterns by Hebb", recalled(noise[:5]), ">=", 0.8)
L.check("five digits by Hebb", recalled(ten[:5]), "<=", 0.2)
L.check("ten digits by the pseudo-inverse", recalled(ten, "pseudo_inverse"), ">=", 0.8)
# %% [markdown]
# It is not the number. Digits are much *alike*: the corners are white in all of them, and Hebb's rule stores that once
# for each. So whatever you show it, it remembers what they share (second row below). The pseudo-inverse $W = X^{+} X$
# takes out what patterns share, and all ten rest where they should.
# %%
resting = sum(bool((Hopfield(ten, "pseudo_inverse").recall(p) == p).all()) for p in ten)
L.check("of ten undamaged digits, so many stay as they are", resting, "==", 10)
figure, rows = plt.subplots(3, 10, figsize=(10, 3.4))
damaged_ten = [damaged(p) for p in ten]
for column, start in enumerate(damaged_ten):
    shown = (start, Hopfield(ten[:5]).recall(start), Hopfield(ten, "pseudo_inverse").recall(start))
    for row, picture in zip(rows[:, column], shown, strict=True):
        row.imshow(picture.reshape(8, 8), cmap="Greys", vmin=-1, vmax=1)
        row.set(xticks=[], yticks=[])
for row, name in zip(rows[:, 0], ("damaged", "Hebb, 0 to 4", "other, 0 to 9"), strict=True):
    row.set_ylabel(name, rotation=0, ha="right", va="center")
L.figure("recall", figure, patterns=ten, damaged=damaged_ten)
# %% [markdown]
# ## Echo states: what a random net still knows
# 100 units with random weights that are never changed, scaled to a spectral radius, hear coin flips. How well can a
# straight line through their activations (`inspection.linear_probe`, fitted on one half, judged on the other) say what
# the flip $k$ steps ago was? This is a net of the kind that lesson 11 froze, looked at from inside.
# %%
L.predict("which radius remembers a flip 9 steps ago better, 0.5 or 0.9?", 0.9)
flips, lags = rng.choice([-1.0, 1.0], (1, 1500)), range(0, 31, 3)
memory = {}
for radius in (0.5, 0.9, 1.5):
    h = EchoState(100, radius, input_scale=0.3).reservoir(flips[..., None]).data[0]  # its first 100 steps are not used
    memory[radius] = [inspection.linear_probe(h[100:], flips[0, 100 - k : 1500 - k]) for k in lags]
    print(f"  radius {radius}: r at lags 0, 3, 6, …: " + " ".join(f"{r:.2f}" for r in memory[radius]))
L.check("radius 0.9 knows the flip 9 steps ago, r", memory[0.9][3], ">=", 0.8)
L.check("radius 0.5 has forgotten it, r", memory[0.5][3], "<=", 0.4)
figure, axes = plt.subplots()
for radius, r in memory.items():
    axes.plot(lags, r, "o-", label=f"radius {radius}")
axes.set(xlabel="steps ago", ylabel="r of the best straight line", title="The echo in a random net")
axes.legend()
L.figure("echo", figure, lags=list(lags), **{f"radius_{str(radius).replace('.', '_')}": r for radius, r in memory.items()})
L.check("radius 1.5 knows it less well than 0.9, r less by", memory[0.9][3] - memory[1.5][3], ">", 0.1)
# %% [markdown]
# More is not better: above 1 a net stirs by itself, whatever it hears, and its own unrest covers the echo.
#
# ## A forecast
# The Mackey–Glass series is chaotic (Mackey and Glass 1977). 300 units hear 2,000 values, one least squares fit
# (`ridge` keeps its weights small) teaches the readout the next one; then it runs free, fed with its own answers, for
# the 84 steps that Jaeger (2001) asks for.
# %%
series = datasets.mackey_glass(2084)
past, future = series[:2000] - 1, series[2000:] - 1
errors, forecasts = {}, {}
for radius in (0.1, 0.9, 2.0):
    forecasts[radius] = EchoState(300, radius, ridge=1e-6).fit(past).forecast(84)
    errors[radius] = float(np.sqrt(np.mean((forecasts[radius] - future) ** 2)) / series.std())
    print(f"  radius {radius}: error over 84 steps {errors[radius]:.3f} of the series' standard deviation")
L.check("radius 0.9 follows for 84 steps", errors[0.9], "<", 0.05)
L.check("radius 0.1: no memory to speak of", errors[0.1], ">", 0.3)
L.check("radius 2: its own chaos drowns the input", errors[2.0], ">", 0.3)
figure, axes = plt.subplots()
axes.plot(future, color="black", linewidth=3, alpha=0.3, label="what came")
for radius, forecast in forecasts.items():
    axes.plot(np.clip(forecast, -1, 1), label=f"radius {radius}")
axes.set(xlabel="steps after the last value heard", ylim=(-1, 0.6), title="84 steps into the future, without one gradient")
axes.legend(loc="lower center", ncols=4)
L.figure("forecast", figure, future=future, **{f"radius_{str(r).replace('.', '_')}": f for r, f in forecasts.items()})
# %% [markdown]
# What it does not show: that training is not needed. A random net remembers everything a little; a trained one can
# choose what to keep. Lesson 15's two numbers among a hundred ask for that choice.
#
# ## Exercises
# `python -m lessons export --student DIR` writes them in full, `python -m lessons check X2 DIR/answers_X2.py` grades.
# 1. *Build*, `hebb(X)`. Hebb's weights.
# 2. *Predict*, `other_resting_point`. Store a pattern; what else comes to rest?
# 3. *Predict*, `steps`. After how many steps has an echo fallen to a hundredth, at another radius and without tanh?
# %%
L.done()
