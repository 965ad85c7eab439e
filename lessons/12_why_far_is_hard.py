# %% [markdown]
# # 12. Why far is hard
# **The idea.** From the last state back to an early one, the gradient is multiplied by one Jacobian per step. A product of
# fifty matrices is almost never of moderate size.
#
# The lectures write $\frac{\partial L_T}{\partial W} = \frac{\partial L_T}{\partial h_T} \left(\prod_{t=2}^{T} \frac{\partial h_t}{\partial h_{t-1}}\right) \frac{\partial h_1}{\partial W}$ with $\frac{\partial h_t}{\partial h_{t-1}} = \text{diag}(\tanh') W_{hh}$, and conclude: the
# largest singular value of $W_{hh}$ above 1, gradients explode; below 1, they vanish. You will see where that is exact, where
# it is half of the truth, and what the formula leaves out.
#
# You need lessons 02 and 06. Time: two seconds.
# %%
import matplotlib.pyplot as plt
from _kit import Lesson, mg, np

L = Lesson(__file__, pictures=["flow", "radius", "shares"])
rng, H, T = np.random.default_rng(L.seed), 64, 50
# %% [markdown]
# ## One net, six gains
# 64 units, 50 steps, $W_{hh}$ Gaussian with standard deviation gain/√64, small random inputs, and a loss that looks at the
# last state only. How large is $\partial L/\partial h_t$, seen from the end?
# %%
gaussian, inputs, look = rng.standard_normal((H, H)) / np.sqrt(H), 0.1 * rng.standard_normal((T, H)), rng.standard_normal(H)


def flow(gain):
    """‖∂L/∂h_t‖ for t = 1 … T, the states, and W."""
    W = mg.Parameter(gain * gaussian, name="W_hh")
    h, states = mg.Tensor(np.zeros(H)), []
    for t in range(T):
        with mg.scope(t=t):
            h = mg.tanh(inputs[t] + h @ W)
            states.append(h)
    loss = (states[-1] * look).sum()
    return [np.linalg.norm(dh.data) for dh in mg.gradients(loss, states)], [h.data for h in states], W.data


def by_jacobians(states, W):
    """The same norms from the formula: dh_{t−1} = W (tanh′ ⊙ dh_t), beginning with dh_T."""
    dh, norms = look, [np.linalg.norm(look)]
    for h in reversed(states[1:]):
        dh = ((1 - h**2) * dh) @ W.T
        norms.append(np.linalg.norm(dh))
    return norms[::-1]


gains, norms = (0.5, 0.9, 1.0, 1.2, 1.5, 3.0), {}
print("  gain    10 back    25 back    49 back    mean tanh'")
for gain in gains:
    norms[gain], states, W = flow(gain)
    slope = np.mean([1 - h**2 for h in states])
    print(f"  {gain:<6}" + "".join(f"{norms[gain][T - 1 - back] / norms[gain][-1]:11.1e}" for back in (10, 25, 49)) + f"{slope:12.2f}")
    worst = max(abs(a / b - 1) for a, b in zip(norms[gain], by_jacobians(states, W), strict=True))
    L.check(f"gain {gain}: the walk back is the product of Jacobians", float(worst), "<", 1e-8)
L.check("gain 0.5 vanishes", float(norms[0.5][0] / norms[0.5][-1]), "<", 1e-10)
L.check("gain 3 explodes", float(norms[3.0][0] / norms[3.0][-1]), ">", 1e3)
figure, axes = plt.subplots()
for gain, line in norms.items():
    axes.semilogy(range(T)[::-1], np.array(line) / line[-1], label=f"gain {gain}")
axes.set(xlabel="steps back from the loss", ylabel="‖∂L/∂h‖, relative to the last step", title="A product of fifty matrices")
axes.legend(ncols=2)
L.figure("flow", figure, **{f"gain_{gain}": np.array(line) for gain, line in norms.items()})
# %% [markdown]
# "tanh' is almost always below 1, so gradients vanish" is not the whole story: at gain 3 the mean slope is far below 1, and
# the matrix wins all the same.
#
# ## Singular value or spectral radius?
# A *single* step can lengthen a gradient by at most the largest singular value. For a *power* of one matrix, what decides in
# the end is the spectral radius, the largest absolute eigenvalue, and it can be much smaller.
# %%
L.predict("a matrix with largest singular value 2.1 and spectral radius 0.5: do 100 steps of it vanish or explode?", "vanish")
crooked = 0.5 * np.eye(6) + 1.66 * np.eye(6, k=1)
matrices = {"0.6 · Gaussian": 0.6 * gaussian, "crooked": crooked, "orthogonal": np.linalg.qr(gaussian)[0]}
lines = {}
print(f"  {'matrix':<16}singular value    radius      5 steps    100 steps")
for name, W in matrices.items():
    v = rng.standard_normal(len(W))
    lines[name] = [np.linalg.norm(np.linalg.matrix_power(W.T, k) @ v) / np.linalg.norm(v) for k in range(101)]
    singular, radius = np.linalg.svd(W, compute_uv=False)[0], np.abs(np.linalg.eigvals(W)).max()
    print(f"  {name:<16}{singular:14.2f}{radius:10.2f}{lines[name][5]:13.2f}{lines[name][100]:13.1e}")
    if name != "orthogonal":
        L.check(f"{name}: largest singular value above 1", float(singular), ">", 1.0)
        L.check(f"{name}: and yet a hundred steps vanish", float(lines[name][100]), "<", 1e-8)
L.check("an orthogonal matrix keeps every norm", float(lines["orthogonal"][100]), "~", (1.0, 1e-9))
figure, axes = plt.subplots()
for name, line in lines.items():
    axes.semilogy(line, label=name)
axes.set(xlabel="steps", ylabel="‖gradient‖", title="Above 1 is necessary for exploding, not sufficient")
axes.legend()
L.figure("radius", figure, **{name.replace(" ", "_"): np.array(line) for name, line in lines.items()})
# %% [markdown]
# ## What the formula leaves out
# $W_{hh}$ is used at every step, so its gradient is a *sum* over all steps (lesson 02): $\sum_k \frac{\partial L}{\partial h_T} \left(\prod_{t>k} \frac{\partial h_t}{\partial h_{t-1}}\right) \frac{\partial^+ h_k}{\partial W}$,
# where $\partial^+$ means: through the use at step $k$ alone. The lectures' product is the first term. Near steps keep
# arriving in full strength, and drown the far ones.
# %%
W = mg.Parameter(0.9 * gaussian, name="W_hh")
with mg.Trace() as trace:
    h = mg.Tensor(np.zeros(H))
    for t in range(T):
        with mg.scope(t=t):
            h = mg.tanh(inputs[t] + h @ W)
    loss = (h * look).sum()
    loss.backward()
parts = [np.linalg.norm(part.array) for part in trace.contributions(W)]
print("  share of step k in the gradient of W_hh, by norm: " + ", ".join(f"{k + 1}: {parts[k]:.0e}" for k in (1, 10, 25, 40, 49)))
L.check("one part for each step", len(parts), "==", T)
L.check("the parts add up", float(np.abs(sum(p.array for p in trace.contributions(W)) - W.grad).max()), "<", 1e-10)
L.check("the last ten steps weigh more than the first thirty", sum(parts[-10:]), ">", 10 * sum(parts[:30]))
L.figure("shares", mg.draw(trace, title="Fifty uses of one matrix: near ones drown far ones"))
# %% [markdown]
# What this does not show: that a net cannot learn far things. It shows what stands in the way at the start of training.
#
# ## Exercises
# `python -m lessons check 12 answers.py` grades them.
# 1. *Predict.* In a linear net with $W = $ gain · orthogonal: after how many steps is the gradient halved?
# 2. *Predict.* A net of sigmoids: which singular value does $W_{hh}$ need before gradients can possibly explode?
# 3. *Build.* The Jacobian $\partial h'/\partial h$ of one step $h' = \tanh(x + hW)$, as a matrix.
# %%
L.done()
