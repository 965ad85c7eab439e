# %% [markdown]
# # 12. Why far is hard
# **The idea.** How the end of a sequence depends on a step far back is a *product* of as many matrices as there are
# steps between. Products of many factors vanish or explode; they hardly ever stay.
#
# The lectures: $\frac{\partial h_T}{\partial h_t} = \prod_{k=t+1}^{T} \frac{\partial h_k}{\partial h_{k-1}}$ with
# $\frac{\partial h_k}{\partial h_{k-1}} = W_{hh}^T\,\mathrm{diag}(1 - h_k^2)$, in some order and with some transposes.
# Ours, for rows $h_k = \tanh(x_k W_{xh} + h_{k-1} W_{hh} + b)$: a gradient goes back as
# $dh_{k-1} = \left(dh_k \odot (1 - h_k^2)\right) W_{hh}^T$.
#
# You need lessons 03 and 06. Time: two seconds.
# %%
from _kit import Lesson, mg, np, plt

from minigrad import inspection
from minigrad.initializers import Orthogonal, RandomNormal

mg.set_floatx("float64")
L = Lesson(__file__, pictures=["few_steps", "flow", "radius"])
UNITS, T = 64, 50
x = mg.generator().standard_normal((1, T, 1))
goal = mg.generator().standard_normal(UNITS)  # the loss is goal · h_T: it looks at the last state only
# %% [markdown]
# ## One net, six strengths
# 64 units, 50 steps of random inputs, nothing trained. $W_{hh}$ begins as an orthogonal matrix (a rotation, perhaps
# with a reflection: it keeps every length) times a *gain*. The largest *singular value* of a matrix is the most by
# which it lengthens a vector, the smallest the least; here all are the gain. `inspection.unrolled` gives the states of
# one graph; `gradient_norms` asks for $\|\partial L/\partial h_t\|$ at each.
# %%
def states_and_loss(gain):
    rnn = mg.layers.RNN(UNITS, recurrent_initializer=Orthogonal(gain), kernel_initializer=RandomNormal(stddev=1.0))
    states = [h for (h,) in inspection.unrolled(rnn, x)]
    return rnn, states, (states[-1] * goal).sum()


L.predict("every tanh' is at most 1. With gain exactly 1, does the gradient 'vanish', 'stay' or 'explode'?", "vanish")
flow, slopes = {}, {}
print("  gain   10 steps back  25 steps back  49 steps back   mean tanh'")
for gain in (0.5, 0.9, 1.0, 1.2, 2.0, 3.0):
    rnn, states, loss = states_and_loss(gain)
    norms = inspection.gradient_norms(loss, states)
    flow[gain], slopes[gain] = norms / norms[-1], np.mean([1 - h.data**2 for h in states[1:]])
    print(f"  {gain:<5}" + "".join(f"{flow[gain][-1 - k]:15.1e}" for k in (10, 25, 49)) + f"{slopes[gain]:13.2f}")
# %% [markdown]
# These are derivatives from the graph. Here is the product itself, for the net with gain 3: one row vector, 50 times
# multiplied by $\mathrm{diag}(1 - h_k^2)$ and by $W_{hh}^T$.
# %%
by_hand, dh = [np.linalg.norm(goal)], goal  # rnn, states and norms are those of the loop's last gain, 3
for h in reversed(states[1:]):
    dh = (dh * (1 - h.data[0] ** 2)) @ rnn.W_hh.data.T
    by_hand.append(np.linalg.norm(dh))
L.check("the graph and the product agree (relative difference)", np.max(np.abs(norms / by_hand[::-1] - 1)), "<", 1e-8)
L.check("gain 1 vanishes: each tanh' takes a little", flow[1.0][1], "<", 1e-3)
L.check("gain 1.2 vanishes as well, with singular values above 1", flow[1.2][1], "<", 0.1)
L.check("gain 3 explodes", flow[3.0][1], ">", 1e3)
# %% [markdown]
# The lectures' "tanh' is almost always below 1, so gradients vanish" is not the whole story, then. Three times the mean
# tanh' is below 1, and yet the gradient grows. Lengths are sums of *squares*: a gradient that favours no unit becomes a
# gain times the *root of the mean square* of tanh' as long at each step, and the few units near 0 keep that large.
# %%
per_step = flow[3.0][1] ** (1 / (T - 1))
rms = np.sqrt(np.mean([(1 - h.data**2) ** 2 for h in states[1:]]))
print(f"  gain 3: times the mean of tanh' {3 * slopes[3.0]:.2f}, times its root mean square {3 * rms:.2f}; measured a step {per_step:.2f}")
L.check("three times the mean tanh'", 3 * slopes[3.0], "<", 1)
L.check("three times its root mean square", 3 * rms, ">", 1)
L.check("which is about the growth that was measured; the ratio", 3 * rms / per_step, "~", (1, 0.2))
# %% [markdown]
# What holds always is the bound of Pascanu et al. (2013): with largest singular value $\sigma$ of $W_{hh}$ and
# $|\tanh'| \le 1$, no gradient grows by more than $\sigma^k$ in $k$ steps.
# So $\sigma < 1$ is *sufficient* for vanishing, and $\sigma > 1$ is *necessary* for exploding: not the other way round.
# %%
jacobians = inspection.state_jacobians(states[-1], states)[:, 0]  # ∂h_T/∂h_t for every t: (T + 1, 64, 64)
growth = inspection.largest_singular_values(jacobians)
steps_back = np.arange(T, -1, -1)
L.check("gain 3: the largest singular value of ∂h_T/∂h_t divided by 3^k, for k = 1 … 50", np.max((growth / 3.0**steps_back)[:-1]), "<=", 1)
figure, axes = plt.subplots()
for gain, norms in flow.items():
    axes.semilogy(steps_back, norms, label=f"gain {gain:g}")
axes.set(xlabel="steps back from the end", ylabel="‖∂L/∂h_t‖ / ‖∂L/∂h_T‖", title="How much of the gradient arrives")
axes.legend(ncols=2)
L.figure("flow", figure, steps_back=steps_back, gains=list(flow), norms=list(flow.values()))
# %% [markdown]
# ## Which number decides, the singular value or the spectral radius?
# One lecture drops the tanh, is left with $W^{T-1}$, and says: largest singular value above 1, exploding; below,
# vanishing. In the long run powers grow with the largest absolute value of an *eigenvalue*, the spectral radius.
# %%
matrices = {
    "rotation": Orthogonal()((UNITS, UNITS)),
    "0.6 · Gaussian": 0.6 * mg.generator().standard_normal((UNITS, UNITS)) / np.sqrt(UNITS),
    "½ with 1 above": 0.5 * np.eye(10) + np.eye(10, k=1),
}
powers = {name: [np.linalg.norm(np.linalg.matrix_power(W, k), 2) for k in range(101)] for name, W in matrices.items()}
L.predict("W (10, 10): 0.5 on the diagonal, 1 above it, largest singular value 1.48. Does W^100 'vanish' or 'explode'?", "vanish")
for name, W in matrices.items():
    sigma, radius = inspection.largest_singular_values(W), inspection.spectral_radius(W)
    print(f"  {name:<15} largest singular value {sigma:.2f}, radius {radius:.2f}; the most that a power stretches "
          f"{max(powers[name]):.2f}, the 100th {powers[name][100]:.0e}")  # fmt: skip
    if name != "rotation":
        L.check(f"{name}: singular value above 1, and yet the 100th power", powers[name][100], "<", 1e-6)
        L.check(f"{name}: its singular value", sigma, ">", 1)
figure, axes = plt.subplots()
for name, norms in powers.items():
    axes.semilogy(norms, label=name)
axes.set(xlabel="k", ylabel="largest singular value of W^k", title="Up first, then down: the radius decides in the long run")
axes.legend()
L.figure("radius", figure, **{f"power_{k}": norms for k, norms in enumerate(powers.values())})
# %% [markdown]
# ## A weight hears from everywhere, but loudly only from near
# The same lecture writes $\partial L_T/\partial W$ with one product, from $h_T$ back to $h_1$: the longest road only.
# The gradient of the shared weight is a *sum* over all steps $k$ (lesson 02); `trace.contributions` has every summand.
# %%
def traced(gain, steps=T):
    rnn = mg.layers.RNN(UNITS, recurrent_initializer=Orthogonal(gain), kernel_initializer=RandomNormal(stddev=1.0))
    with mg.Trace() as trace:
        loss = (rnn(x[:, :steps]) * goal).sum()
        loss.backward()
    return trace, rnn.W_hh


trace, W_hh = traced(gain=0.9)
shares = [share.array for share in trace.contributions(W_hh)]
total = np.linalg.norm(W_hh.grad)
for k in (1, 2, 25, 40, 48, 49):  # counted from 0; step 0 multiplies W_hh by h_0 = 0, so its share is 0
    print(f"  share of step {k:>2}, {T - 1 - k:>2} steps before the end: {np.linalg.norm(shares[k]) / total:8.1e} of the gradient")
L.check("all shares together are the gradient", np.abs(sum(shares) - W_hh.grad).max(), "<", 1e-10)
L.check("the longest road alone is almost nothing of it", np.linalg.norm(shares[1]) / total, "<", 1e-3)
L.figure("few_steps", mg.draw(traced(gain=0.5, steps=5)[0], title="Five uses of one matrix: near ones drown far ones"))
# %% [markdown]
# A small gradient from far back is not none; it is drowned: near steps are louder by the factors above, and weights
# follow them. For explosions there is a simple help, lesson 13; for vanishing none: lesson 14 changes the road itself.
#
# ## Exercises
# `python -m lessons export --student DIR` writes them in full, `python -m lessons check 12 DIR/answers_12.py` grades.
# 1. *Predict*, `half_life`. Without tanh, $W = $ gain · rotation: after how many steps is the gradient half as large?
# 2. *Predict*, `sigmoid_threshold`. With sigmoid instead of tanh: which singular value is necessary to explode?
# 3. *Build*, `jacobian(x, h, W)`. Of one step $h' = \tanh(x + hW)$: the matrix $J_{ij} = \partial h'_j / \partial h_i$.
# %%
L.done()
