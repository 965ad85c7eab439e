# %% [markdown]
# # 01. A calculation is a graph
# **The idea.** Calculate forward and remember who was made from whom; then walk back along that memory, and every
# derivative falls out.
#
# The lectures break a complex expression into simple operations: $e = c \cdot d$ with $c = a + b$ and $d = b + 1$, so
# $e = (a + b)(b + 1)$. They say that gradient calculations are taken care of by automatic differentiation. Here you
# watch it take care, one operation at a time.
#
# You need nothing but the product rule. Time: one second.
# %%
from _kit import Lesson, mg, np

from minigrad.engine import history

L = Lesson(__file__, pictures=["graph_forward", "graph_backward"])
# %% [markdown]
# ## Forward: values, and a memory
# A `Tensor` that asks for a gradient remembers every operation that it goes through. `mg.Trace` keeps what was
# recorded, with the names of your variables, so that you can look at it and draw it.
# %%
with mg.Trace() as trace:
    a = mg.Tensor(2.0, requires_grad=True, name="a")
    b = mg.Tensor(1.0, requires_grad=True, name="b")
    c = a + b
    d = b + 1
    e = c * d


def name(x):
    return trace.name(x) if isinstance(x, mg.Tensor) else str(x)


for y in trace.tensors:
    print(f"  {name(y)} = {y.op.__name__}({', '.join(name(x) for x in y.inputs)}) = {y.item():g}")
L.check("e = (2 + 1)·(1 + 1)", e.item(), "==", 6.0)
L.check("before the walk back `.grad` is None: not computed, which is something else than 0", a.grad, "==", None)
L.figure("graph_forward", mg.draw(trace, direction="forward", title="e = (a + b)·(b + 1), forward"))
# %% [markdown]
# ## Predict, then run
# $b$ goes into $c$ and into $d$. If $b$ grows by a little, how many times as much does $e$ grow?
# *Write down $\partial e / \partial b$ before you go on. It is tempting to say 2 or 3.*
# %%
L.predict("what is ∂e/∂b?", 5)
# %% [markdown]
# ## Backward: from the newest to the oldest
# Begin with $\partial e/\partial e = 1$. An operation that has received its own gradient multiplies it by its *local
# derivative*, how much its value changes with each input, and hands the product to that input. The newest operation
# goes first. So nobody passes on a gradient that is still incomplete: every operation that uses a value was made after
# it.
# %%
def local_derivative(y, k, h=1e-4):
    """How much y changes with its input k alone: nudge it up and down, and look. No walk back is needed for that."""
    values = [np.float64(x.item() if isinstance(x, mg.Tensor) else x) for x in y.inputs]
    up, down = ([*values[:k], values[k] + nudge, *values[k + 1 :]] for nudge in (h, -h))
    with mg.no_grad():  # calculate without remembering
        return float(y.op(*up).item() - y.op(*down).item()) / (2 * h)


e.backward()
# %% [markdown]
# `history(e)` lists what $e$ was calculated from, the newest first: the order of the walk. `trace.contributions(x)`
# lists what was handed to $x$, one entry for each use of it: `.output` is who handed it over, `.position` as which of
# its inputs it used $x$, `.array` is what. Beside it stands the local derivative, found by a nudge: does the walk
# multiply by just that?
# %%
order, differences = history(e), []
for y in order:
    arrived = float(trace.gradient(y))
    for k, x in enumerate(y.inputs):
        for share in trace.contributions(x) if isinstance(x, mg.Tensor) else ():
            if share.output is y and share.position == k:
                handed, local = float(share.array), local_derivative(y, k)
                differences.append(abs(handed - arrived * local))
                print(f"  {name(y)} hands {name(x)}: {handed:g}; {arrived:g} arrived, the local derivative is {local:.4g}")
L.check("hand-overs", len(differences), "==", 5)
L.check("each is what arrived times the local derivative, within", max(differences), "<=", 1e-6)
L.check("each operation was visited once, after all that use it", [name(y) for y in order], "==", ["e", "d", "c"])
# %% [markdown]
# $c$'s local derivative in $e = c \cdot d$ is $d = 2$, and $d$'s is $c = 3$. Both sums have the local derivative 1. So
# $b$ receives $2$ by way of $c$ **plus** $3$ by way of $d$.
# %%
L.check("∂e/∂a", float(a.grad), "==", 2.0)
L.check("the shares of b, by way of c and by way of d", sorted(float(s.array) for s in trace.contributions(b)), "==", [2.0, 3.0])
L.check("∂e/∂b is their sum", float(b.grad), "==", 5.0)
h = 1e-4
nudged = ((2 + 1 + h) * (1 + h + 1) - (2 + 1 - h) * (1 - h + 1)) / (2 * h)
L.check("nudging b a little and looking at e says the same", nudged, "~", (float(b.grad), 1e-6))
L.figure("graph_backward", mg.draw(trace, title="e = (a + b)·(b + 1), forward and backward"))
# %% [markdown]
# ## Exercises
# `python -m lessons export --student DIR` writes them in full, `python -m lessons check 01 DIR/answers_01.py` grades.
# 1. *Predict*, `df_dx`. $f = (x + y) \cdot x$ at $x = y = 3$. What is $\partial f/\partial x$?
# 2. *Build*, `multiply_backward(x, y, dz)`: what the operation $z = x \cdot y$ hands to $x$ and to $y$.
# 3. *Predict*, `hand_overs`. In $g = x \cdot x \cdot x$ at $x = 2$: how many hand-overs does $x$ receive? (Their sum is
#    $3x^2$.)
# %%
L.done()
