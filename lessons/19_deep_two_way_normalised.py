# %% [markdown]
# # 19. Deep, two-way, normalised
# **The idea.** Three ways to wire recurrent cells together, each with the task that needs it: two directions, where the
# answer lies on both sides; two storeys (layers above each other), where both sides must be put together; normalised
# sums, where the states would hit the wall.
#
# The lectures say of the bidirectional net that its output at time t "does not depend on previous time steps but also
# the future" (an *only* is missing), stack layers by giving each the outputs of the one below, and normalise inside the
# recurrence: $h^t = f\left[\frac{g}{\sigma^t} \odot (a^t - \mu^t) + b\right]$, with $\mu^t$ and $\sigma^t$ taken over
# the units of $a^t$ (Ba, Kiros and Hinton 2016).
#
# You need lessons 06 and 12. Time: 20 seconds.
# %%
from _kit import Lesson, curves, mg, np, plt

from minigrad import datasets
from minigrad.layers import RNN, Bidirectional, Cell, Dense, LayerNormalization, RNNCell

L = Lesson(__file__, pictures=["birnn", "norm", "saturation"])
# %% [markdown]
# ## A tag that needs both sides
# Coin flips $x$, and at each step the tag $y_t = x_{t-2} \oplus x_{t+2}$: one, if the two differ. Knowing one of the
# two flips is worth nothing, so whoever reads from left to right cannot do better than a coin of his own.
# %%
UNITS, LENGTH, UPDATES = 16, 20, 300
flips, tags = datasets.tagging(32 * UPDATES, LENGTH)
new_flips, new_tags = datasets.tagging(500, LENGTH)


def accuracy(*layers):
    """Train a stack with a linear readout; how many tags of unseen flips it gets right."""
    model = mg.Sequential([*layers, Dense(1)])
    model.compile(mg.optimizers.Adam(0.01, global_clipnorm=1.0), mg.losses.BinaryCrossentropy(from_logits=True))
    model.fit(flips, tags[..., None], batch_size=32, verbose=0)
    right = (model.predict(new_flips)[..., 0] > 0) == new_tags
    return float(right[:, 2:-2].mean())  # beyond the ends all flips count as 0: the first and last two tags are no riddle


one_way = accuracy(RNN(UNITS, return_sequences=True), RNN(UNITS, return_sequences=True))
L.check("one way, even with two storeys: a coin's accuracy", one_way, "~", (0.5, 0.05))
# %% [markdown]
# ## Predict, then run
# Now two directions: one net reads from the left, one from the right, and at each step their states are put side by
# side. Everything needed is there. The readout is linear: it adds a score from the left state to a score from the right
# one. *What is the best that any such sum can do?* Write down the four cases (0,0), (0,1), (1,0), (1,1) and try.
# %%
cases = [(a, b) for a in (0, 1) for b in (0, 1)]
signs = np.array([[f * a + g * b + c > 0 for a, b in cases] for f in (-2, 2) for g in (-2, 2) for c in (-3, -1, 1, 3)])
L.predict("the best accuracy of the sign of f(left) + g(right) on left ⊕ right, as a fraction?", float((signs == [a ^ b for a, b in cases]).mean(1).max()))
shallow = accuracy(Bidirectional(RNN(UNITS, return_sequences=True)))
L.check("two ways, one storey", shallow, "<=", 0.75)
deep = accuracy(Bidirectional(RNN(UNITS, return_sequences=True)), Bidirectional(RNN(UNITS, return_sequences=True)))
L.check("two ways, two storeys", deep, ">=", 0.99)
# %% [markdown]
# One storey does not even reach what a sum could: where sums cannot fit, log loss is least at score 0, a coin. The
# second storey reads both states of the first through a tanh. That bend between both sides and the answer was needed,
# and not more memory. In the picture, the two directions run against each other, and meet above.
# %%
small = mg.Sequential([Bidirectional(RNN(3, return_sequences=True, name="rnn")), Dense(1)])
with mg.Trace() as trace:
    logits = small(flips[:1, :4])
    loss = (logits * logits).mean()
    loss.backward()
ahead, back = (layer.W_hh for layer in (small.layers[0].forward_layer, small.layers[0].backward_layer))
order = [[share.t for share in trace.arrivals(W)] for W in (ahead, back)]  # the steps of W's shares, as they came
print(f"  gradients arrive at the steps {order[0]} of the net that reads ahead, {order[1]} of the one that reads back")
L.check("each direction is taught against its own reading direction", order[0], "==", order[1][::-1])
L.figure("birnn", mg.draw(trace, title="Two directions, one readout"))
# %% [markdown]
# ## Hitting the wall
# Digits, read a few pixels at a time. The recurrent weights start as a rotation times a *gain*. With a large gain
# the sums $a = x W_{xh} + h W_{hh}$ are large, tanh answers ±1 whatever comes, and its slope is 0 (lesson 12).
# The normalised cell makes every sum the same size before tanh sees it.
# %%
class NormalizedCell(Cell):
    """h' = tanh(γ ⊙ (a − μ)/√(σ² + ε) + β),  a = x W_xh + h W_hh,  μ and σ² over the units of a"""

    def __init__(self, units, **options):
        super().__init__(units, use_bias=False, **options)
        self.norm = LayerNormalization(epsilon=1e-5)

    def step(self, x, h):
        return mg.tanh(self.norm(x @ self.W_xh + h @ self.W_hh))


images, labels = datasets.digits()
pieces = images.reshape(-1, *L.pick((16, 4), (32, 2)))  # steps, pixels at each step
(x, y), (new_x, new_y) = datasets.split(pieces, labels)
EPOCHS = L.pick(8, 14)
results, states = {"plain": [], "normalised": []}, {}
GAINS = L.pick([4.0], [0.5, 1.0, 2.0, 4.0])
for gain in GAINS:
    for name, kind in (("plain", RNNCell), ("normalised", NormalizedCell)):
        reader = RNN(kind(64, recurrent_initializer=mg.initializers.Orthogonal(gain)))
        states[name, gain] = reader(x[:200]).data
        model = mg.Sequential([reader, Dense(10)])
        loss = mg.losses.SparseCategoricalCrossentropy(from_logits=True)
        rate = mg.schedules.CosineDecay(0.004, decay_steps=EPOCHS * len(x) // 64)
        model.compile(mg.optimizers.Adam(rate, global_clipnorm=1.0), loss, metrics=["accuracy"])
        model.fit(x, y, batch_size=64, epochs=EPOCHS, verbose=0)
        results[name].append(model.evaluate(new_x, new_y)[1])
    print(f"  gain {gain}: plain {results['plain'][-1]:.0%}, normalised {results['normalised'][-1]:.0%} of unseen digits")
if 1.0 in GAINS:
    L.check("gain 1, plain, less normalised", results["plain"][GAINS.index(1.0)] - results["normalised"][GAINS.index(1.0)], ">", -0.03)
L.check("gain 4, plain", results["plain"][-1], "<", 0.4)
L.check("gain 4, normalised", results["normalised"][-1], ">", L.pick(0.7, 0.85))
stuck = {name: float((np.abs(states[name, 4.0]) > 0.99).mean()) for name in results}
print("  of the untrained states at gain 4 beyond ±0.99:", ", ".join(f"{name} {share:.0%}" for name, share in stuck.items()))
L.check("times as many plain states at the wall", stuck["plain"] / stuck["normalised"], ">=", 3)
curves(L, "norm", results, x=GAINS, marker="o", xlabel="gain of the recurrent weights at the start", ylabel="unseen digits right",
       ylim=(0, 1), xticks=GAINS, title="Normalised sums care little how large they were")
figure, panels = plt.subplots(1, 2, sharey=True)
for panel, name in zip(panels, results, strict=True):
    panel.hist(states[name, 4.0].ravel(), bins=40, range=(-1, 1), density=True)
    panel.set(title=f"{name}, gain 4", xlabel="h at the end, untrained")
L.figure("saturation", figure, plain=states["plain", 4.0], normalised=states["normalised", 4.0])
# %% [markdown]
# ## What the slide leaves out
# Its formula has no ε under the root. A constant vector, or a layer of one unit, has σ = 0, and 0/0 is no number. With
# ε the division is safe, but look at what one unit is worth then.
# %%
norm = LayerNormalization()
lonely = norm(np.array([[3.0], [-7.0], [0.5]])).data
L.check("one normalised unit says the same whatever comes", lonely.ravel().tolist(), "==", [0.0, 0.0, 0.0])
# %% [markdown]
# ## What it does not show
# That a two-way net could write: to predict the next letter it would have to be given it first. Nor that the plain net
# is bad: with a good start (gain 1, above) it reads as well.
#
# ## Exercises
# `python -m lessons export --student DIR` writes them in full, `python -m lessons check 19 DIR/answers_19.py` grades.
# 1. *Predict*, `one_way`. A coin shows 1 with probability p. How often can a one-way net be right about
#    $x_{t-2} \oplus x_{t+2}$?
# 2. *Build.* `layer_norm(a, g, b, epsilon)`.
# 3. *Build.* `two_way(ahead, back, x, h0)`: both directions, put side by side step by step.
# %%
L.done()
