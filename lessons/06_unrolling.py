# %% [markdown]
# # 06. Unrolling: a loop is a deep graph
# **The idea.** $h_t = \tanh(x_t W_{xh} + h_{t-1} W_{hh} + b)$: the same function and the same weights at every step. Run it along a
# sequence, and the graph grows with the sequence. The weights do not.
#
# All five lectures teach this, in five notations. One of them names the two key ideas, parameter sharing and unrolling;
# another the four demands that a sequence makes: any length, order, far dependencies, shared parameters.
#
# You need lesson 02. Time: one second.
# %%
import re

from _kit import Lesson, mg, np, plt

mg.set_floatx("float64")
L = Lesson(__file__, pictures=["unrolled_T3", "one_to_many", "many_to_one", "many_to_many", "encoder_decoder", "copies"])
rng = np.random.default_rng(L.seed)
# %% [markdown]
# ## The graph grows, the weights stay
# %%
rnn = mg.layers.RNN(4, name="rnn")


def unroll(T):
    with mg.Trace() as trace:
        states = rnn(rng.standard_normal((1, T, 3)))
        loss = (states * states).sum()
        loss.backward()
    return trace


sizes = [len(unroll(T).tensors) for T in range(1, 7)]
print("  steps       " + "".join(f"{T:>6}" for T in range(1, 7)))
print("  operations  " + "".join(f"{size:>6}" for size in sizes))
print("  weights     " + f"{rnn.count_params():>6}" * 6)
L.check("each further step adds the same number of operations", len(set(np.diff(sizes).tolist())), "==", 1)
L.check("and no weight: 3·4 + 4·4 + 4 of them", rnn.count_params(), "==", 32)
# %% [markdown]
# ## One weight, as many uses as steps
# In the picture $W_{hh}$ is drawn once, with an arrow to every step.
# %%
L.predict("how many steps use W_hh at T = 5, if h_0 is a constant zero?", 5)
rnn.zero_grad()
trace = unroll(3)
picture = mg.draw(trace, title="A loop, unrolled over three steps")
L.figure("unrolled_T3", picture)
node = re.search(r'^\s*(\w+) \[label="W_hh', picture.dot, re.MULTILINE)[1]
L.check("arrows out of W_hh in the drawn graph", len(re.findall(rf"^\s*{node} -> ", picture.dot, re.MULTILINE)), "==", 3)
# %% [markdown]
# A use by a constant zero is a use: its share of the gradient is zero, and the arrow is there.
#
# ## The shared gradient is the sum over copies
# Untie the weight: give every step a copy of its own with the same values, and ask each copy for its gradient.
# %%
T, x, W_xh, W_hh, b = 5, rng.standard_normal((5, 3)), rng.standard_normal((3, 4)), 0.5 * rng.standard_normal((4, 4)), rng.standard_normal(4)


def run(weights):
    h = mg.Tensor(np.zeros(4))
    for t in range(T):
        h = mg.tanh(x[t] @ W_xh + h @ weights[t] + b)
    return (h * h).sum()


shared = mg.Parameter(W_hh)
run([shared] * T).backward()
copies = [mg.Parameter(W_hh) for _ in range(T)]
run(copies).backward()
total = sum(copy.grad for copy in copies)
L.check("Σ ∂L/∂W_t over the copies is ∂L/∂W", float(np.abs(total - shared.grad).max()), "<", 1e-10)
G = shared.grad
shares = np.array([(copy.grad * G).sum() / (G * G).sum() for copy in copies])
print("  signed shares of the steps: " + ", ".join(f"{share:+.0%}" for share in shares))
L.check("the shares add to 1", float(shares.sum()), "~", (1.0, 1e-10))
figure, axes = plt.subplots()
axes.bar(range(1, T + 1), 100 * shares, color=np.where(shares < 0, "C3", "C1"))
axes.axhline(0, color="black", linewidth=0.8)
axes.set(xlabel="step", ylabel="share of ∂L/∂W_hh, %", title="Five copies' gradients, as shares of the shared one", xticks=range(1, T + 1))
L.figure("copies", figure, shares=shares)
# %% [markdown]
# ## One formula, many names
# | here | W_xh | W_hh | row vectors: `x W` |
# |---|---|---|---|
# | two lectures | W | U (input is U, recurrence is W, in the other) | columns: `W x` |
# | three lectures | one W for both | | `W (x; h)` in two, `W (h; x)` in the others |
#
# The block form is the sum form, in either order, if the blocks are stacked in the same order:
# %%
h, step = rng.standard_normal(4), x[0]
sums = step @ W_xh + h @ W_hh
L.check("(x, h) times W_xh over W_hh", float(np.abs(np.r_[step, h] @ np.vstack([W_xh, W_hh]) - sums).max()), "<", 1e-12)
L.check("(h, x) times W_hh over W_xh", float(np.abs(np.r_[h, step] @ np.vstack([W_hh, W_xh]) - sums).max()), "<", 1e-12)
L.check("columns: transposed", float(np.abs(W_xh.T @ step + W_hh.T @ h - sums).max()), "<", 1e-12)
# %% [markdown]
# ## Five shapes
# What goes in and what comes out need not be equally long. The loop is the same, and so is the walk back. One number to
# one number is no sequence at all; the other four follow. Each hands out its outputs as they come (`yield`), so that the loss
# of a step is computed inside that step's scope and drawn in its column.
# %%
w_x, w_h, w_y = (mg.Parameter(value, name=name) for name, value in (("W_xh", 0.5), ("W_hh", 0.9), ("W_hy", 0.8)))
data = [0.3, -0.9, 0.8]


def one_to_many():  # a caption: one picture in, words out
    h = mg.tanh(data[0] * w_x)
    for t in range(3):
        with mg.scope(t=t):
            h = mg.tanh(h * w_h)
            yield h * w_y


def many_to_one():  # a verdict: words in, one answer out
    h = mg.Tensor(0.0)
    for t, x in enumerate(data):
        with mg.scope(t=t):
            h = mg.tanh(x * w_x + h * w_h)
    yield h * w_y


def many_to_many():  # a tag for every word
    h = mg.Tensor(0.0)
    for t, x in enumerate(data):
        with mg.scope(t=t):
            h = mg.tanh(x * w_x + h * w_h)
            yield h * w_y


def encoder_decoder():  # a translation: all in, then all out
    h = mg.Tensor(0.0)
    for t, x in enumerate(data):
        with mg.scope("encoder", t=t):
            h = mg.tanh(x * w_x + h * w_h)
    for t in range(2):
        with mg.scope("decoder", t=t):
            h = mg.tanh(h * w_h)
            yield h * w_y


for shape, uses in ((one_to_many, 3), (many_to_one, 3), (many_to_many, 3), (encoder_decoder, 5)):
    for w in (w_x, w_h, w_y):
        w.zero_grad()
    with mg.Trace() as trace:
        loss = sum((y - 1) ** 2 for y in shape())
        loss.backward()
    parts = trace.contributions(w_h)
    L.check(f"{shape.__name__}: W_hh is used once per step", len(parts), "==", uses)
    L.check(f"{shape.__name__}: its shares add up", float(sum(part.array for part in parts) - w_h.grad), "~", (0.0, 1e-12))
    L.figure(shape.__name__, mg.draw(trace, title=shape.__name__.replace("_", " ")))
# %% [markdown]
# And with no input at all, $s_t = f(s_{t-1})$ is a loop too: what it does follows from where it starts.
# %%
s = mg.Tensor(np.array([1.0, 0.1]))
turn = np.array([[np.cos(0.5), np.sin(0.5)], [-np.sin(0.5), np.cos(0.5)]])
path = [s.data]
for _ in range(12):
    s = mg.tanh(1.2 * (s @ turn))
    path.append(s.data)
print("  without input: " + ", ".join(f"({p[0]:.1f}, {p[1]:.1f})" for p in path[::3]) + ", …")
# %% [markdown]
# ## Exercises
# `python -m lessons export --student DIR` writes the questions in full; `python -m lessons check 06 answers.py` grades them.
# 1. *Predict*, `weights`. How many weights has a vanilla net of another size, and how many at ten times the length?
# 2. *Predict*, `first_state`. Which of the five shapes need a first state $h_0$ that is not given by the data?
# 3. *Build*, `jordan(x, W_xh, W_yh, b, W_hy)`. A Jordan net: what is fed back is the *output*, $h_t = \tanh(x_t W_{xh} +
#    y_{t-1} W_{yh} + b)$, $y_t = h_t W_{hy}$.
# %%
L.done()
