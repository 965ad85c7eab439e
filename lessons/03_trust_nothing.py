# %% [markdown]
# # 03. Trust nothing: the gradient check
# **The idea.** Two independent ways to the same number. Walk the graph back; then nudge an input and look. If they
# disagree, one of them is wrong, and it is hardly ever the nudging, if the nudge is well chosen.
#
# The lectures ask every layer for $\partial C/\partial x = (\partial C/\partial y)(\partial y/\partial x)$. Whoever
# writes that by hand makes mistakes. Does a mistake show?
#
# You need lesson 02. Time: two seconds.
# %%
import math

from _kit import Lesson, mg, np, plt

from minigrad.engine import primitive

L = Lesson(__file__, pictures=["eps_valley", "wrong_but_trains"])
rng = np.random.default_rng(L.seed)
# %% [markdown]
# ## The judge
# $\partial f/\partial x \approx (f(x + \varepsilon) - f(x - \varepsilon)) / 2\varepsilon$, along a random direction,
# for all entries at once: `mg.check_gradients` does that for every input and returns the largest relative difference.
# %%
x, y, W = rng.uniform(0.5, 2.0, (3, 4)), rng.uniform(0.5, 2.0, (3, 4)), rng.standard_normal((4, 2))
operations = [
    ("x + y", lambda x, y: x + y, x, y), ("x · y", lambda x, y: x * y, x, y), ("x / y", lambda x, y: x / y, x, y),
    ("x ^ y", lambda x, y: x**y, x, y), ("x @ W", lambda x, W: x @ W, x, W), ("exp", mg.exp, x), ("log", mg.log, x),
    ("sqrt", mg.sqrt, x), ("tanh", mg.tanh, x), ("sigmoid", mg.sigmoid, x), ("relu", mg.relu, x),
    ("softmax", mg.softmax, x), ("log_softmax", mg.log_softmax, x), ("sum over axis 0", lambda x: x.sum(0), x),
    ("variance", lambda x: x.var(), x), ("x[:, 1:3]", lambda x: x[:, 1:3], x), ("transpose", lambda x: x.T, x),
]  # fmt: skip
errors = {name: mg.check_gradients(f, *arrays) for name, f, *arrays in operations}
for name, error in errors.items():
    print(f"  {name:<18}{error:8.1e}")
L.check(f"the largest difference among {len(errors)} operations", max(errors.values()), "<", 1e-7)
# %% [markdown]
# ## How small a nudge?
# Too large, and the curve bends under the nudge: where derivatives are about 1, an error of about $\varepsilon^2/6$,
# Taylor's next term. Too small, and the two values agree in almost all digits, so that their difference is rounding: an
# error of about $u/\varepsilon$, where $u$ is the spacing of the numbers near 1. The sum is a valley. Its slope
# $\varepsilon/3 - u/\varepsilon^2$ is 0 at the bottom: $\varepsilon = \sqrt[3]{3u}$.
# %%
L.predict("float32 has u = 1.2e-7. Which power of ten is nearest to where the formula puts the bottom? (-2, -4, -6 or -8)", -2)
steps = 10.0 ** np.arange(-12, 0.01, 0.25)
valley, bottom = {}, {}
points = rng.uniform(0.2, 1.2, 200)
for dtype in ("float64", "float32"):
    p = points.astype(dtype)
    for eps in steps.astype(dtype):
        nudged = (np.sin(p + eps) - np.sin(p - eps)) / (2 * eps)
        valley.setdefault(dtype, []).append(np.median(np.abs(nudged - np.cos(points)) / np.cos(points)) + 1e-16)
    bottom[dtype] = steps[int(np.argmin(valley[dtype]))]
    theory = (3 * np.finfo(dtype).eps) ** (1 / 3)
    print(f"  {dtype}: bottom at {bottom[dtype]:.0e} (theory {theory:.0e}), where the error is {min(valley[dtype]):.0e}")
    L.check(f"{dtype}: the bottom is within a factor of 8 of theory", abs(np.log(bottom[dtype] / theory)), "<", np.log(8))
figure, axes = plt.subplots()
for dtype, errors in valley.items():
    axes.loglog(steps, errors, label=dtype)
axes.set(xlabel="ε", ylabel="relative error of the nudge", title="Too far, too near: check in float64")
axes.legend()
L.figure("eps_valley", figure, steps=steps, **valley)
L.check("at ε = 1e-8 float32 is wrong altogether", valley["float32"][16], ">=", 0.5)  # steps[16] is 1e-8
# %% [markdown]
# ## A wrong gradient
# A product $z = xW$ hands back $dz\,W^T$ to $x$. Forget the transpose: where $W$ is square, all shapes still fit.
# (A `primitive` returns its value and, for each input, what is handed back to it.)
# %%
@primitive
def crooked_matmul(x, W):
    return x @ W, lambda dz: dz @ W, lambda dz: x.T @ dz  # the first should be dz @ W.T


L.predict("a net with two square layers trains with this product. Does its loss fall to under a tenth? (yes or no)", "yes")
angle, inner = rng.uniform(0, 2 * np.pi, 400), np.arange(400) % 2
radius = np.where(inner, 0.5, 1.2) + 0.08 * rng.standard_normal(400)
points = np.stack([radius * np.cos(angle), radius * np.sin(angle), np.ones(400)], axis=1)  # the ones stand for a bias
start = [rng.standard_normal(shape) / np.sqrt(shape[0]) for shape in [(3, 32), (32, 32), (32, 32), (32, 2)]]
# %% [markdown]
# Lesson 04 builds such nets. A `Parameter` is a tensor that asks for a gradient. *Adam* divides each gradient by its
# recent size: all weights move at a like pace. `cross_entropy` is small where the right class scores highest.
# %%
def loss_of(product, weights):
    h = mg.tanh(mg.Tensor(points) @ weights[0])
    h = mg.tanh(product(h, weights[1]))
    h = mg.tanh(product(h, weights[2]))
    return mg.cross_entropy(h @ weights[3], inner).mean()


curves = {}
for name, product in [("right", mg.matmul), ("wrong", crooked_matmul)]:
    weights, optimizer = [mg.Parameter(w) for w in start], mg.optimizers.Adam(learning_rate=0.01)
    for _ in range(L.pick(150, 300)):
        loss = loss_of(product, weights)
        optimizer.minimize(loss, weights)  # zero_grad, backward, a step
        curves.setdefault(name, []).append(loss.item())
    print(f"  {name}: loss {curves[name][0]:.3f} -> {curves[name][-1]:.4f}")
L.check("the net with the wrong gradient learns too", curves["wrong"][-1], "<", curves["wrong"][0] / 10)
figure, axes = plt.subplots()
for name, losses in curves.items():
    axes.semilogy(losses, label=f"{name} gradient")
axes.set(xlabel="update", ylabel="loss", title="A falling loss proves nothing")
axes.legend()
L.figure("wrong_but_trains", figure, **curves)
# %% [markdown]
# The judge is not deceived. (`tolerance=np.inf`: it shall not raise an error, we look at its number ourselves.)
# %%
right, wrong = (mg.check_gradients(lambda *w, product=product: loss_of(product, w), *start, tolerance=np.inf)
                for product in (mg.matmul, crooked_matmul))  # fmt: skip
L.check("the right one passes, with a relative difference", right, "<", 1e-7)
L.check("the wrong one fails by orders of magnitude", wrong, ">", 1e-2)
# %% [markdown]
# ## A function that nobody recorded
# `math.tanh(x)` asks a tensor for its plain number and returns another. No operation is recorded, so for the walk back
# it is a constant, and nothing complains: $x \tanh x$ gets the derivative $\tanh x$ instead of
# $\tanh x + x(1 - \tanh^2 x)$. Write `mg.tanh` (or `np.tanh`, which hands a tensor on to it). `float(x)`, `x.item()`
# and `x.data` are such ways out of the graph, too. The judge sees it, for nudging goes through every function.
# %%
slope = {}
for name, tanh in [("math.tanh", math.tanh), ("np.tanh", np.tanh), ("mg.tanh", mg.tanh)]:
    x = mg.Tensor(0.7, requires_grad=True, dtype="float64")
    (x * tanh(x)).backward()
    slope[name] = float(x.grad)
    print(f"  x · {name}(x): derivative {slope[name]:.4f} at 0.7")
right = math.tanh(0.7) + 0.7 * (1 - math.tanh(0.7) ** 2)
L.check("with math.tanh the second road is missing", slope["math.tanh"], "~", (math.tanh(0.7), 1e-12))
L.check("with np.tanh and mg.tanh it is there", max(abs(slope[name] - right) for name in ("np.tanh", "mg.tanh")), "<", 1e-12)
lost = mg.check_gradients(lambda x: x * math.tanh(x), 0.7, tolerance=np.inf)
L.check("the judge finds the constant", lost, ">", 0.1)
L.check("at relu's kink there is no derivative, and the judge complains", mg.check_gradients(mg.relu, 0.0, tolerance=np.inf), ">", 0.1)
# %% [markdown]
# What the check does not show: that you differentiate the loss you meant. And at a kink its complaint is no proof of a
# mistake: each of the two has a right to its answer there (exercise 3).
#
# ## Exercises
# `python -m lessons export --student DIR` writes them in full, `python -m lessons check 03 DIR/answers_03.py` grades.
# 1. *Predict*, `best_eps`. Where is the bottom of the valley for numbers of another spacing u?
# 2. *Build*, `repaired` and `wrong_ones`. Six backward functions, three of them wrong: which, and what is right?
# 3. *Predict*, `nudged_relu_at_0`. What does nudging say of relu at exactly 0?
# %%
L.done()
