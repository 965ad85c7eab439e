# %% [markdown]
# # 13. Clip, but clip the norm
# **The idea.** Where the error has a wall, one gradient is hundreds of times the others, and one step along it undoes
# everything. Shorten the step, keep its direction. And read slides with a pencil in your hand.
#
# The lectures give two recipes. One is Pascanu's: if $\|g\| \ge$ threshold, then
# $g \leftarrow \frac{\text{threshold}}{\|g\|} g$. The other is a snippet: `grad_norm = np.sum(grad * grad)`, and if
# that exceeds the threshold, `grad *= threshold / grad_norm`.
#
# You need lesson 12. Time: two seconds.
# %%
from _kit import Lesson, mg, np, plt

L = Lesson(__file__, pictures=["clip_curves", "cliff"])
THRESHOLD = 5.0
# %% [markdown]
# ## Two recipes, one of them a slip
# The snippet computes the *squared* norm and calls it the norm. What does it do to a gradient of norm 3, which is below
# the threshold and should pass untouched?
# %%
def clipped_by_snippet(g):
    grad_norm = np.sum(g * g)
    return g * (THRESHOLD / grad_norm) if grad_norm > THRESHOLD else g


def clipped_by_norm(g):
    w = mg.Parameter(np.zeros_like(g))
    w.grad = g
    mg.clip_by_global_norm([w], THRESHOLD)
    return w.grad


def clipped_by_value(g):
    return np.clip(g, -THRESHOLD, THRESHOLD)


L.predict("the snippet, threshold 5, a gradient of norm 3: what norm comes out?", 5 / 3, 0.01)
direction = np.array([3.0, 4.0]) / 5
print("  norm in    by norm    snippet   by value")
for size in (1, 2, 3, 5, 10, 100, 1000):
    outs = [np.linalg.norm(rule(size * direction)) for rule in (clipped_by_norm, clipped_by_snippet, clipped_by_value)]
    print(f"  {size:>7}" + "".join(f"{out:11.3f}" for out in outs))
    if size > THRESHOLD**0.5:
        L.check(f"snippet, norm {size}: threshold / norm comes out", float(outs[1]), "~", (THRESHOLD / size, 1e-9))
L.check("the right rule leaves 3 alone", float(np.linalg.norm(clipped_by_norm(3 * direction))), "~", (3.0, 1e-6))
L.check("and makes 1000 into the threshold", float(np.linalg.norm(clipped_by_norm(1000 * direction))), "~", (THRESHOLD, 1e-4))
sizes = np.geomspace(0.1, 1000, 400)
rules = {"by norm": clipped_by_norm, "the snippet": clipped_by_snippet, "by value": clipped_by_value}
outs = {name: np.array([np.linalg.norm(rule(size * direction)) for size in sizes]) for name, rule in rules.items()}
L.check("the longest gradient that the snippet lets out is the root of the threshold", float(outs["the snippet"].max()), "~", (5**0.5, 0.03))
figure, axes = plt.subplots()
for name, out in outs.items():
    axes.loglog(sizes, out, label=name)
axes.set(xlabel="norm of the gradient", ylabel="norm after clipping", title="The snippet: the larger the gradient, the smaller the step")
axes.legend()
L.figure("clip_curves", figure, sizes=sizes, **{name.replace(" ", "_"): out for name, out in outs.items()})
# %% [markdown]
# ## By value: another direction
# Cutting every entry at ±5, as min-char-rnn does, bounds the step as well, but turns it.
# %%
g = np.array([100.0, 1.0])
cosine = lambda u, v: u @ v / np.linalg.norm(u) / np.linalg.norm(v)
turned = np.degrees(np.arccos(np.clip([cosine(g, rule(g)) for rule in (clipped_by_norm, clipped_by_value)], -1, 1)))
print(f"  the gradient (100, 1) is turned by {turned[0]:.1f}° by norm and by {turned[1]:.1f}° by value")
L.check("by norm the direction stays", float(turned[0]), "<", 0.1)
L.check("by value it turns by more than ten degrees", float(turned[1]), ">", 10.0)
# %% [markdown]
# ## The cliff
# Pascanu's net of one unit: $x_t = w\,\sigma(x_{t-1}) + b$, fifty steps, error $(\sigma(x_{50}) - 0.7)^2$. Over the
# plane of $w$ and $b$ this has a wall: on one side the state settles low, on the other high, and in between a tiny
# change of $w$ or $b$ decides between the two: there the slope is huge. The start lies before the wall; gradients
# elsewhere are below 1, so 1 is where we clip.
# %%
def error(w, b):
    x = mg.Tensor(0.5)
    for _ in range(50):
        x = w * mg.sigmoid(x) + b
    return (mg.sigmoid(x) - 0.7) ** 2


def descend(limit, updates=60, rate=0.1):
    """Gradient descent from (5.0, −2.7); `limit` is None or the largest norm of a gradient."""
    w, b = mg.Parameter(5.0, dtype="float64"), mg.Parameter(-2.7, dtype="float64")
    optimizer, path, norms = mg.optimizers.SGD(learning_rate=rate), [], []
    for _ in range(updates):
        w.zero_grad()
        b.zero_grad()
        loss = error(w, b)
        loss.backward()
        path.append((w.item(), b.item(), loss.item()))
        norms.append(mg.clip_by_global_norm([w, b], np.inf if limit is None else limit))
        optimizer.step([w, b])
    return np.array(path), np.array(norms)


UPDATES = L.pick(60, 250)
free, free_norms = descend(None, UPDATES)
held, held_norms = descend(1.0, UPDATES)
for name, path, norms in (("free", free, free_norms), ("clipped at 1", held, held_norms)):
    print(f"  {name:<13} final error {path[-1, 2]:.4f}, largest gradient {norms.max():.0f}, median {np.median(norms):.3f}")
thrown = np.linalg.norm(np.diff(free[:, :2], axis=0), axis=1)
L.check("without clipping one step throws it off: farther than the plane below is wide", float(thrown.max()), ">", 3)
L.check("and the error stays", float(free[-1, 2]), ">", 0.3)
L.check("clipped, it comes down", float(held[-1, 2]), "<", 0.01)
L.check("clipped: the largest gradient, before clipping, is so many times the median", float(held_norms.max() / np.median(held_norms)), ">", 100)
ws, bs = np.meshgrid(np.linspace(4, 7, 90), np.linspace(-3.2, -1.8, 70))
with mg.no_grad():
    surface = error(mg.Tensor(ws), mg.Tensor(bs)).data
figure, axes = plt.subplots()
drawn = axes.contourf(ws, bs, surface, levels=24, cmap="Greys")
axes.plot(free[:, 0], free[:, 1], "o-", markersize=3, label="free")
axes.plot(held[:, 0], held[:, 1], "o-", markersize=3, label="clipped at 1")
axes.set(xlim=(4, 7), ylim=(-3.2, -1.8), xlabel="w", ylabel="b", title="A wall in the error, and two ways down")
axes.legend()
figure.colorbar(drawn, label="error after 50 steps")
L.figure("cliff", figure, surface=surface, free=free, held=held)
# %% [markdown]
# What clipping does not do: help against vanishing. It makes large gradients smaller and leaves small ones as they are.
#
# ## Exercises
# `python -m lessons export --student DIR` writes them in full, `python -m lessons check 13 DIR/answers_13.py` grades.
# 1. *Predict*, `snippet_norm`. The snippet with another threshold and another norm.
# 2. *Predict*, `threshold_factor`. A loss that is summed over 25 steps is now averaged instead. By what must the
#    threshold be multiplied?
# 3. *Build.* `clip_norm(gradients, limit)` over *all* gradients together, not over each.
# %%
L.done()
