# %% [markdown]
# # 04. A network is layers, a loss, a step
# **The idea.** A layer is a product, a sum and a bend. A loss is one number. A step is a subtraction. Written out, all
# of learning fits on this page; what is easily got wrong is how it *starts*.
#
# $\partial C/\partial W_1 = (\partial C/\partial y_2)(\partial y_2/\partial y_1)(\partial y_1/\partial W_1)$, then
# $W \leftarrow W - \eta\, \partial C/\partial W$: the lectures, for two layers ($C$ the loss, $\eta$ the rate). And:
# $n$ inputs times weights of variance $\sigma^2$ multiply a signal's variance by $n \sigma^2$; then comes the bend
# (tanh, relu: a function of every entry). They ask of it the value 0 and the slope 1 at 0.
#
# You need lesson 03. Time: five seconds.
# %%
from _kit import Lesson, mg, np, plt

L = Lesson(__file__, pictures=["three_layers", "spiral", "variance"])
rng = np.random.default_rng(L.seed)
# %% [markdown]
# ## Three arms of a spiral
# %%
arms, r = np.repeat(np.arange(3), 200), np.tile(np.linspace(0.05, 1, 200), 3)  # which arm, and how far out
angle = 4 * r + arms * 2 * np.pi / 3 + 0.15 * rng.standard_normal(600)
points = np.stack([r * np.sin(angle), r * np.cos(angle)], axis=1).astype("float32")
# %% [markdown]
# ## A layer, a loss, a step
# Weights begin with standard deviation $\text{gain}/\sqrt{n}$. Relu halves the mean square of what it is given, so √2
# makes up for it. At the end 0.1: scores near 0, so that at first all classes are nearly equally probable.
# %%
class Layer:
    """x W + b, with weights of standard deviation gain/√n for n inputs."""

    def __init__(self, n, units, gain, number):
        self.W = mg.Parameter(gain / n**0.5 * rng.standard_normal((n, units)).astype("float32"), name=f"W{number}")
        self.b = mg.Parameter(np.zeros(units, "float32"), name=f"b{number}")

    def __call__(self, x):
        return x @ self.W + self.b


def cross_entropy(scores, classes):
    """The mean of −log p(right class): log Σ exp(scores) − the right class's score."""
    right = scores[np.arange(len(classes)), classes]
    return (mg.logsumexp(scores, axis=1) - right).mean()


def step(parameters, rate):
    for w in parameters:
        w.data = w.data - rate * w.grad
        w.zero_grad()


first, second, third = Layer(2, 64, 2**0.5, 1), Layer(64, 64, 2**0.5, 2), Layer(64, 3, 0.1, 3)
parameters = [w for layer in (first, second, third) for w in (layer.W, layer.b)]
scores_of = lambda x: third(mg.relu(second(mg.relu(first(x)))))
L.predict("the loss before training, on three classes that it thinks equally probable (natural logarithm)", float(np.log(3)), 0.02)
losses = []
for _ in range(L.pick(600, 2000)):
    loss = cross_entropy(scores_of(points), arms)
    loss.backward()
    step(parameters, rate=0.5)
    losses.append(loss.item())
L.check("before training the loss is that of equal probabilities", losses[0], "~", (float(np.log(3)), 0.02))
L.check("points on their arm", float(np.mean(scores_of(points).data.argmax(axis=1) == arms)), ">=", 0.98)
grid = np.stack(np.meshgrid(np.linspace(-1.2, 1.2, 150), np.linspace(-1.2, 1.2, 150)), axis=-1).astype("float32")
regions = scores_of(grid.reshape(-1, 2)).data.argmax(axis=1).reshape(150, 150)
figure, axes = plt.subplots(figsize=(5.5, 5))
axes.contourf(grid[..., 0], grid[..., 1], regions, levels=[-0.5, 0.5, 1.5, 2.5], colors=["C0", "C1", "C2"], alpha=0.25)
axes.scatter(*points.T, c=[f"C{arm}" for arm in arms], s=6)
axes.set(title="What the net says of every point", aspect="equal")
L.figure("spiral", figure, regions=regions)
# %% [markdown]
# The library has `mg.layers.Dense`, `mg.cross_entropy`, `mg.optimizers.SGD`. For four points, the lectures' chain:
# %%
with mg.Trace() as trace:
    x = mg.Tensor(points[:4], name="x")
    y1 = mg.relu(first(x))
    y2 = mg.relu(second(y1))
    scores = third(y2)
    loss = mg.cross_entropy(scores, arms[:4]).mean()
    loss.backward()
L.figure("three_layers", mg.draw(trace, title="Three layers and a loss, walked back"))
L.check("the library's loss is the same number", loss.item(), "~", (cross_entropy(scores, arms[:4]).item(), 1e-6))
# %% [markdown]
# ## What the loss passes back
# $\partial C/\partial \text{scores} = (p - y)/N$ with $p_k = e^{s_k}/\sum_j e^{s_j}$, the *softmax* of the scores $s$:
# the probabilities, minus one at the right class. And the order of operations matters: the softmax first and its
# logarithm after is the same formula as the logarithm of the sum at once, and fails.
# %%
scores = mg.Tensor(rng.standard_normal((5, 3)), requires_grad=True)
cross_entropy(scores, arms[:5]).backward()
L.check("p − y, divided by the count", float(np.abs(scores.grad - (mg.softmax(scores).data - np.eye(3)[arms[:5]]) / 5).max()), "<", 1e-7)
extreme = mg.Tensor([[1000.0, -1000.0, 0.0]])
with np.errstate(all="ignore"):
    L.check("scores 1000, −1000, 0, the second is right: by softmax, then log", float(-np.log(mg.softmax(extreme).data)[0, 1]), "==", np.inf)
L.check("as one formula, the loss of a score that is 2000 too low is 2000", cross_entropy(extreme, [1]).item(), "==", 2000.0)
# %% [markdown]
# ## How to start
# Twenty layers of 512 units, random inputs, nothing trained. What matters is not how large a signal is but how much of
# it still *depends on the input*: the spread across inputs, unit by unit. (The gain 5/3 for tanh is a rule of thumb.)
# %%
WIDTH, DEPTH = L.pick(256, 512), 20
relu, sigmoid = lambda z: np.maximum(z, 0), lambda z: 1 / (1 + np.exp(-z))
bends = {
    "tanh, gain 5/3": (np.tanh, 5 / 3), "tanh, gain 1": (np.tanh, 1.0), "relu, gain √2": (relu, 2**0.5), "relu, gain 1": (relu, 1.0),
    "sigmoid, gain 1": (sigmoid, 1.0), "4σ − 2, gain 1": (lambda z: 4 * sigmoid(z) - 2, 1.0),
}  # fmt: skip
x, spread, size, alike = rng.standard_normal((300, WIDTH)), {}, {}, {}
for name, (bend, gain) in bends.items():
    y, spread[name] = x, []
    for _ in range(DEPTH):
        y = bend(y @ (gain / WIDTH**0.5 * rng.standard_normal((WIDTH, WIDTH))))
        spread[name].append(y.std(axis=0).mean())
    size[name] = float(np.sqrt((y**2).mean()))
    alike[name] = float(y[0] @ y[1] / np.sqrt((y[0] @ y[0]) * (y[1] @ y[1])))  # the cosine of the angle between two inputs' signals
    print(f"  {name:<16} layer 20: spread {spread[name][-1]:8.4f}, size {size[name]:.3f}, cosine of two inputs {alike[name]:+.2f}")
figure, axes = plt.subplots()
for name, values in spread.items():
    axes.semilogy(range(1, DEPTH + 1), np.maximum(values, 1e-7), "o-", markersize=3, label=name)
axes.set(xlabel="layer", ylabel="spread across inputs", title="Does layer 20 still see the input?", ylim=(1e-7, 3), xticks=range(0, DEPTH + 1, 5))
axes.legend(fontsize=9)
L.figure("variance", figure, **{f"start_{k}": np.array(values) for k, values in enumerate(spread.values())})
L.check("tanh with gain 5/3 keeps it", float(spread["tanh, gain 5/3"][-1]), "~", (0.65, 0.06))
L.check("relu with gain √2 keeps the signal's size", size["relu, gain √2"], "~", (1.0, 0.5))
L.check("but two inputs point in nearly the same direction; the cosine", alike["relu, gain √2"], ">", 0.8)
L.check("relu with gain 1 loses both", size["relu, gain 1"], "<", 0.01)
L.check("tanh with gain 1 loses it slowly", float(spread["tanh, gain 1"][-1]), "~", (0.165, 0.03))
L.check("the plain sigmoid has forgotten it", float(spread["sigmoid, gain 1"][-1]), "<", 1e-6)
L.check("sigmoid rescaled to pass through 0 with slope 1 has not", float(spread["4σ − 2, gain 1"][-1]), ">", 0.1)
# %% [markdown]
# Relu's outputs are never negative, so that two signals have no negative products: the size stays, the angle shrinks.
# The sigmoid's signal is not small either: about 0.5, with nothing of the input in it. It has the value 1/2 and the
# slope 1/4 at 0, where 0 and 1 are asked for; $4\sigma(z) - 2$ has those.
#
# ## Exercises
# `python -m lessons export --student DIR` writes them in full, `python -m lessons check 04 DIR/answers_04.py` grades.
# 1. *Predict*, `first_loss`. The loss before training on another number of classes.
# 2. *Predict*, `variance`. A signal of variance 1 passes ten linear layers whose weights have standard deviation
#    $0.5/\sqrt{n}$. What is its variance afterwards?
# 3. *Build.* `cross_entropy_gradient(scores, classes)` with respect to the scores.
# %%
L.done()
