# %% [markdown]
# # 06. Unrolling: a loop is a deep graph
# **The idea.** $h_t = \tanh(x_t W_{xh} + h_{t-1} W_{hh} + b)$: the same function and the same weights at every step.
# The graph grows with the sequence, the weights do not. This plain recurrence is called the *vanilla* net.
#
# All five lectures teach this. One names the two key ideas, parameter sharing and unrolling; another the four demands
# of a sequence: any length, order, far dependencies, shared parameters.
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
L.predict("in how many steps does W_hh stand in the formula, at T = 5? (h_0 = 0 counts as a state)", 5)
rnn.zero_grad()
trace = unroll(3)
picture = mg.draw(trace, title="A loop, unrolled over three steps")
L.figure("unrolled_T3", picture)
node = re.search(r'^\s*(\w+) \[label="W_hh', picture.dot, re.MULTILINE)[1]  # in the picture's text (DOT): the node of W_hh
arrows = re.findall(rf"^\s*{node} -> ", picture.dot, re.MULTILINE)  # and the lines that start at it
L.check("arrows out of W_hh in the drawn graph", len(arrows), "==", 3)
share = trace.contributions(rnn.W_hh)[0].array
L.check("the first of them multiplies h_0 = 0; its share of the gradient", float(np.abs(share).max()), "==", 0.0)
# %% [markdown]
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
G = shared.grad  # share: the part of a copy's gradient that lies along G, divided by G's length; it can be negative
shares = np.array([(copy.grad * G).sum() / (G * G).sum() for copy in copies])
L.check("the shares add to 1", float(shares.sum()), "~", (1.0, 1e-10))
figure, axes = plt.subplots()
bars = axes.bar(range(1, T + 1), 100 * shares, color=np.where(shares < 0, "C3", "C1"))
axes.bar_label(bars, [f"{share:+.0%}" for share in shares])
axes.set(xlabel="step", ylabel="share of ∂L/∂W_hh, %", title="Five copies' gradients, as shares of the shared one", xticks=range(1, T + 1))
L.figure("copies", figure, shares=shares)
# %% [markdown]
# ## One formula, many names
# | who | input weights | recurrent weights | product |
# |---|---|---|---|
# | here | W_xh | W_hh | rows: `x W_xh + h W_hh` |
# | one lecture | W | U | columns: `W x + U h` |
# | another | U | W | rows: `x U + h W` |
# | or, stacked | one W for both | | columns: `W (x; h)` in some, `W (h; x)` in others |
#
# The block form is the sum form, in either order, if the blocks are stacked in the same order:
# %%
h, step = rng.standard_normal(4), x[0]
sums = step @ W_xh + h @ W_hh
L.check("(x, h) times W_xh over W_hh", float(np.abs(np.r_[step, h] @ np.vstack([W_xh, W_hh]) - sums).max()), "<", 1e-12)
L.check("(h, x) times W_hh over W_xh", float(np.abs(np.r_[h, step] @ np.vstack([W_hh, W_xh]) - sums).max()), "<", 1e-12)
L.check("columns: transposed", float(np.abs(W_xh.T @ step + W_hh.T @ h - sums).max()), "<", 1e-12)
# %% [markdown]
# ## Five shapes, four of them loops
# What goes in and what comes out need not be equally long. One number to one number is no sequence at all; the other
# four are the same loop, and differ in when it reads (x) and when it answers (y). `one_to_many` begins with a picture
# as its state and reads nothing: $s_t = f(s_{t-1})$, where all follows from the start.
# %%
w_x, w_h, w_y = (mg.Parameter(value, name=name) for name, value in (("W_xh", 0.5), ("W_hh", 0.9), ("W_hy", 0.8)))
SHAPES = {
    "one_to_many": ("   ", "yyy"),  # a caption: a picture in, words out
    "many_to_one": ("xxx", "  y"),  # a verdict: words in, one answer out
    "many_to_many": ("xxx", "yyy"),  # a tag for every word
    "encoder_decoder": ("xxx  ", "   yy"),  # a translation: all in, then all out
}


def loop(reads, answers, h):
    """The answers as they come (`yield`), so that the loss of a step is drawn in that step's column."""
    for t, (read, answer) in enumerate(zip(reads, answers, strict=True)):
        with mg.scope(t=t):
            z = h * w_h + 0.3 * (t + 1) * w_x if read == "x" else h * w_h
            h = mg.tanh(z)
            if answer == "y":
                yield h * w_y


for shape, (reads, answers) in SHAPES.items():
    for w in (w_x, w_h, w_y):
        w.zero_grad()
    with mg.Trace() as trace:
        h_0 = mg.tanh(0.3 * w_x) if shape == "one_to_many" else mg.Tensor(0.0)
        loss = sum((y - 1) ** 2 for y in loop(reads, answers, h_0))
        loss.backward()
    parts = trace.contributions(w_h)
    L.check(f"{shape}: W_hh is used once per step", len(parts), "==", len(reads))
    L.check(f"{shape}: its shares add up", float(sum(part.array for part in parts) - w_h.grad), "~", (0.0, 1e-12))
    L.figure(shape, mg.draw(trace, title=shape.replace("_", " ")))
# %% [markdown]
# ## Exercises
# `python -m lessons export --student DIR` writes them in full, `python -m lessons check 06 DIR/answers_06.py` grades.
# 1. *Predict*, `weights`. How many weights has a vanilla net of another size, and how many at ten times the length?
# 2. *Predict*, `first_state`. Which of the four loops need, for their first step, an $h_0$ that the data do not give?
# 3. *Build*, `jordan(x, W_xh, W_yh, b, W_hy)`. A Jordan net: what is fed back is the *output*,
#    $h_t = \tanh(x_t W_{xh} + y_{t-1} W_{yh} + b)$, $y_t = h_t W_{hy}$.
# %%
L.done()
