# %% [markdown]
# # 02. Gradients add where values fork
# **The idea.** A value that is used in several places receives a gradient from each of them, and its gradient is their
# *sum*. Broadcasting is such a use, and so is a weight that all time steps share.
#
# The lectures put it as a duality: copying forward is summing backward, and summing forward is copying backward. One of
# them says of a shared weight that its updates are "summed (or averaged)". Both cannot be the gradient; here you find
# out which is.
#
# You need lesson 01. Time: one second.
# %%
from _kit import Lesson, mg, np

mg.set_floatx("float64")  # 16 digits, not 7: nudging needs them (lesson 03)
L = Lesson(__file__, pictures=["fork", "broadcast"])
# %% [markdown]
# ## One value, three uses
# $y = x \cdot x + 3x$ uses $x$ three times. Every use is one road from $x$ to $y$.
# %%
with mg.Trace() as trace:
    x = mg.Tensor(2.0, requires_grad=True, name="x")
    square = x * x
    triple = x * 3
    y = square + triple
    y.backward()

shares = [float(share.array) for share in trace.contributions(x)]
print("  what came back to x, use by use:", " + ".join(f"{share:g}" for share in shares), "=", float(x.grad))
L.check("x has three uses", len(shares), "==", 3)
L.check("the gradient is their sum: 2x + 3", float(x.grad), "==", 7.0)
L.figure("fork", mg.draw(trace, title="One value, three uses: the gradient is the sum"))
# %% [markdown]
# ## Sum, average, or the last one?
# An independent judge: nudge $x$ a little and look at $y$. (Lesson 03 is about this judge.)
# %%
h = 1e-5  # lesson 03: how small
f = lambda v: v * v + 3 * v
nudged = (f(2 + h) - f(2 - h)) / (2 * h)
for rule, value in [("sum", sum(shares)), ("average", sum(shares) / 3), ("keep only the last", shares[-1])]:
    print(f"  {rule:<20}{value:8.4f}   off by {abs(value - nudged) / nudged:.0e}")
L.check("the sum agrees with nudging", sum(shares), "~", (nudged, 1e-8))
L.check("the average is too small by the number of uses, as a factor", nudged / (sum(shares) / 3), "~", (3.0, 1e-8))
# %% [markdown]
# Averaging is not a smaller learning rate in disguise: parameters are used different numbers of times, a weight inside
# a loop once per step, a weight after the loop once. Were the three uses of $x$ beside one use of another weight $v$
# with an equally large gradient, then averaging would turn the step from the direction $(1, 1)$ to $(1/3, 1)$, by 27
# degrees.
#
# ## Broadcasting is copying
# A bias of shape (3,) that is added to 32 rows is used 32 times. What comes back has 32 rows, and must have shape (3,).
# %%
L.predict("rows X (32, 3), bias b (3,), loss = the sum of all 96 entries of X + b. What is each entry of ∂loss/∂b?", 32)
with mg.Trace() as trace:
    b = mg.Tensor(np.zeros(3), requires_grad=True, name="b")
    X = mg.Tensor(np.ones((32, 3)), requires_grad=True, name="X")
    shifted = X + b
    loss = shifted.sum()
    loss.backward()
L.check("the gradient of b has the shape of b", b.grad.shape, "==", (3,))
L.check("and adds up all rows", b.grad.tolist(), "==", [32.0, 32.0, 32.0])
L.check("summing forward copied the gradient back to every entry", bool((X.grad == np.ones((32, 3))).all()), "==", True)
L.figure("broadcast", mg.draw(trace, title="A row that 32 rows use"))
# %% [markdown]
# ## Accumulation is the same sum, over calls
# `.grad` of a tensor that you made (one that was calculated keeps none) adds up whatever arrives, from one `backward()`
# or from several, until you call `zero_grad()`. Many who meet this for the first time take it for a bug. It is what
# lets you add the gradients of several batches.
# %%
x = mg.Tensor(2.0, requires_grad=True, name="x")
y = x * x + x * 3
y.backward()
once = float(x.grad)
y.backward()
L.check("backward() twice adds twice", float(x.grad), "==", 2 * once)
x.zero_grad()
L.check("zero_grad() makes it 'not computed', which is not 0", x.grad, "==", None)
y.backward()
L.check("and after it one backward() counts once", float(x.grad), "==", once)
# %% [markdown]
# ## A shared weight in a row
# Apply $h \leftarrow \tanh(w \cdot h)$ four times: a recurrent net with one unit and no input. Untie the four uses into
# four weights of the same value, and each gets a gradient of its own.
# %%
w = mg.Tensor(1.5, requires_grad=True, name="w")
tied = mg.Tensor(0.3)
for t in range(4):
    tied = mg.tanh(w * tied)
tied.backward()
copies = [mg.Tensor(1.5, requires_grad=True, name=f"w{t}") for t in range(4)]
untied = mg.Tensor(0.3)
for copy in copies:
    untied = mg.tanh(copy * untied)
untied.backward()
each = [float(copy.grad) for copy in copies]
print("  the four copies:", " + ".join(f"{share:.4f}" for share in each), f"= {sum(each):.4f}; shared: {w.grad:.4f}")
L.check("the shared weight's gradient is the sum over its copies", float(w.grad), "~", (sum(each), 1e-12))
# %% [markdown]
# ## Exercises
# `python -m lessons export --student DIR` writes them in full, `python -m lessons check 02 DIR/answers_02.py` grades.
# 1. *Predict*, `mean_bias_gradient`. A bias of shape (1, 3) is added to X of shape (32, 3) and the *mean* over
#    everything is the loss. What is each entry of its gradient?
# 2. *Build.* `unbroadcast(grad, shape)`: sum a gradient back to the shape that its input had before broadcasting.
# 3. *Predict*, `adam_factor`. Somebody averages the shares instead of summing them, and trains with Adam, which divides
#    each gradient by its own recent size. A weight that is used ten times gets a gradient ten times too small: by what
#    factor do Adam's steps on it shrink?
# %%
L.done()
