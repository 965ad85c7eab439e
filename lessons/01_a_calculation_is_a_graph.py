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
from _kit import Lesson, mg

from minigrad.engine import observers

L = Lesson(__file__, pictures=["graph_forward", "graph_backward"])
# %% [markdown]
# ## Forward: values, and a memory
# A `Tensor` that asks for a gradient remembers every operation that it goes through. `mg.Trace` keeps what was
# recorded, so that you can look at it and draw it.
# %%
with mg.Trace() as forward:
    a = mg.Tensor(2.0, requires_grad=True, name="a")
    b = mg.Tensor(1.0, requires_grad=True, name="b")
    c = a + b
    d = b + 1
    e = c * d

for y in forward.tensors:
    inputs = ", ".join(forward.name(x) if isinstance(x, mg.Tensor) else str(x) for x in y.node.inputs)
    print(f"  {forward.name(y)} = {y.node.op.__name__}({inputs}) = {y.item():g}")
L.check("e = (2 + 1)·(1 + 1)", e.item(), "==", 6.0)
L.check("before the walk back there is no gradient, not a gradient of 0", a.grad, "==", None)
L.figure("graph_forward", mg.draw(forward))
# %% [markdown]
# ## Predict, then run
# $b$ goes into $c$ and into $d$. If $b$ grows by a little, how many times as much does $e$ grow?
# *Write down $\partial e / \partial b$ before you go on. Most people say 2 or 3.*
# %% [markdown]
# ## Backward: from the newest to the oldest
# Begin with $\partial e/\partial e = 1$. An operation that has received its own gradient multiplies it by its *local
# derivative*, how much its value changes with each input, and hands the product to that input. The newest operation goes
# first, so nobody passes on a gradient that is still incomplete: whoever uses a value is younger than the value.
#
# An observer hears every hand-over as it happens.
# %%
names = {id(t): name for t, name in [(a, "a"), (b, "b"), (c, "c"), (d, "d"), (e, "e")]}
visited = []  # the operations, in the order in which they hand their gradient on
complete = {id(e): 1.0}  # what has arrived so far


class Watch:
    def contributed(self, y, k, x, dx):
        dy = complete[id(y)]
        complete[id(x)] = complete.get(id(x), 0.0) + float(dx)
        print(f"  {names[id(y)]} hands {names[id(x)]}: {dy:g} × {dx / dy:g} = {dx:g}    so far {complete[id(x)]:g}")
        if y not in visited:
            visited.append(y)


watch = Watch()
observers.append(watch)
e.backward()
observers.remove(watch)
# %% [markdown]
# $c$'s local derivative in $e = c \cdot d$ is $d = 2$, and $d$'s is $c = 3$. Both sums have the local derivative 1. So
# $b$ receives $2$ by way of $c$ **plus** $3$ by way of $d$.
# %%
L.predict("what is ∂e/∂b?", 5)
L.check("∂e/∂a", float(a.grad), "==", 2.0)
L.check("∂e/∂b = 2 + 3, one share for each road", float(b.grad), "==", 5.0)
h = 1e-4
nudged = ((2 + 1 + h) * (1 + h + 1) - (2 + 1 - h) * (1 - h + 1)) / (2 * h)
L.check("nudging b and looking at e says the same", nudged, "~", (float(b.grad), 1e-6))
order = [names[id(y)] for y in visited]
L.check("each operation was visited once, after all that use it", order, "==", ["e", "d", "c"])
# %% [markdown]
# ## The picture
# The same graph, with what came back: the two shares of $b$ and their sum.
# %%
with mg.Trace() as both_ways:
    a, b = mg.Tensor(2.0, requires_grad=True, name="a"), mg.Tensor(1.0, requires_grad=True, name="b")
    c = a + b
    d = b + 1
    e = c * d
    e.backward()
shares = [float(share.array) for share in both_ways.contributions(b)]
L.check("the shares of b", sorted(shares), "==", [2.0, 3.0])
L.figure("graph_backward", mg.draw(both_ways))
# %% [markdown]
# ## Exercises
# Write your answers into a file and check it: `python -m lessons check 01 answers.py`.
# 1. *Predict.* $f = (x + y) \cdot x$ at $x = y = 3$. What is $\partial f/\partial x$?
# 2. *Build.* `multiply_backward(x, y, dz)`: what the operation $z = x \cdot y$ hands to $x$ and to $y$.
# 3. *Predict.* In $g = x \cdot x \cdot x$ at $x = 2$: how many hand-overs does $x$ receive, and what is their sum?
# %%
L.done()
