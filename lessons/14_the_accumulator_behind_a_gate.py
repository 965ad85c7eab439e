# %% [markdown]
# # 14. The accumulator behind a gate: LSTM
# **The idea.** Do not compute a new state; *add* to the old one. Along $c$ alone the gradient is multiplied by $f$.
#
# The lectures: $i, f, o = \sigma(\cdot)$ and $g = \tanh(\cdot)$ of $W(h_{t-1}; x_t)$, then
# $c_t = f \odot c_{t-1} + i \odot g$ and $h_t = o \odot \tanh(c_t)$. From $c_t$ back to $c_{t-1}$: "no matrix multiply
# by $W$, uninterrupted gradient flow!" You build it and measure that flow.
#
# You need lesson 12. Time: two seconds.
# %%
from _kit import Lesson, mg, np, plt

from minigrad import inspection

mg.set_floatx("float64")
L = Lesson(__file__, pictures=["Accumulator", "WithGates", "MyLSTM", "flow"])
UNITS, T = 32, 100
x, goal = mg.generator().standard_normal((1, T, 1)), mg.generator().standard_normal(UNITS)
# %% [markdown]
# ## Three stages
# A cell of your own needs a `step`. It carries `state_count` vectors, and its weights have `gates` blocks of columns.
# %%
class Accumulator(mg.layers.Cell):  # the constant error carousel of 1997
    gates, state_count = 1, 2

    def step(self, x, h, c):
        g = mg.tanh(x @ self.W_xh + h @ self.W_hh + self.b)
        c = c + g
        return mg.tanh(c), c


class WithGates(mg.layers.Cell):  # i: whether to write; f: whether to erase (Gers, Schmidhuber and Cummins 2000)
    gates, state_count = 3, 2

    def step(self, x, h, c):
        i, f, g = mg.split(x @ self.W_xh + h @ self.W_hh + self.b, 3, axis=-1)
        c = mg.sigmoid(f) * c + mg.sigmoid(i) * mg.tanh(g)
        return mg.tanh(c), c


class MyLSTM(mg.layers.Cell):  # o: how much to show
    gates, state_count, order = 4, 2, "ifgo"

    def step(self, x, h, c):
        blocks = mg.split(x @ self.W_xh + h @ self.W_hh + self.b, 4, axis=-1)
        i, f, g, o = (blocks[self.order.index(gate)] for gate in "ifgo")
        c = mg.sigmoid(f) * c + mg.sigmoid(i) * mg.tanh(g)
        return mg.sigmoid(o) * mg.tanh(c), c


# %% [markdown]
# Close the road through $h$ ($W_{hh} = 0$): gates depend on inputs only. What is then $\partial c_{10}/\partial c_0$?
# %%
L.predict("in the first stage, what stands on the diagonal of ∂c_10/∂c_0?", 1)
for stage in (Accumulator, WithGates, MyLSTM):
    layer = mg.layers.RNN(stage(UNITS, recurrent_initializer="zeros", bias_initializer="ones"))  # any bias will do
    cells = [c for _, c in inspection.unrolled(layer, x[:, :10])]
    gates = inspection.gates(layer, x[:, :10])
    expected = np.diag(np.prod(gates["f"][0], axis=0)) if gates else np.eye(UNITS)
    difference = np.abs(inspection.state_jacobians(cells[-1], cells[:1])[0, 0] - expected).max()
    L.check(f"{stage.__name__}: distance from {'the product ∏f' if gates else 'the identity'}", difference, "<", 1e-12)
    small = mg.layers.RNN(stage(3))
    with mg.Trace() as trace:
        (small(x[:, :3]) * goal[:3]).sum().backward()
    L.figure(stage.__name__, mg.draw(trace, title=f"{stage.__name__}: three steps"))
# %% [markdown]
# ## Yours and the library's, and the order of the gates
# The last stage is `mg.layers.LSTM`, stacked i f g o, as in Keras and PyTorch. The lectures stack i f o g: the same
# function, but weights carried over without permuting their blocks fit in shape and are nonsense.
# %%
lstm, mine, theirs = mg.layers.LSTM(UNITS), mg.layers.RNN(MyLSTM(UNITS)), mg.layers.RNN(MyLSTM(UNITS))
library, _, _ = lstm(x), mine(x), theirs(x)  # the first use makes the weights
mine.set_weights(lstm.get_weights())
theirs.set_weights(lstm.get_weights())
theirs.cell.order = "ifog"
L.check("your LSTM and the library's; largest difference", np.abs(mine(x).data - library.data).max(), "<", 1e-12)
L.check("the lectures' order, weights as they are", np.abs(theirs(x).data - library.data).max(), ">", 1e-3)
i_f_g_o = [np.split(W, 4, axis=-1) for W in lstm.get_weights()]
theirs.set_weights([np.concatenate([i, f, o, g], axis=-1) for i, f, g, o in i_f_g_o])
L.check("the lectures' order, blocks permuted", np.abs(theirs(x).data - library.data).max(), "<", 1e-12)
# %% [markdown]
# ## How long does a cell keep?
# With $f = 1$ and $i = 0$, for ever. With a forget gate open by its bias $b$ alone (here and in Keras it begins with
# 1), the half-life is $\ln \frac12 / \ln \sigma(b)$ steps.
# %%
shut_open = mg.initializers.Constant(np.repeat([-100.0, 100.0, 0.0, 0.0], UNITS))  # i shut, f open
keeper = mg.layers.LSTM(UNITS, return_state=True, bias_initializer=shut_open)
secret = mg.generator().standard_normal((1, UNITS))
_, _, c = keeper(mg.generator().standard_normal((1, 1000, 1)), initial_state=[np.zeros((1, UNITS)), secret])
L.check("numbers changed by 1,000 steps with f = 1 and i = 0", int((c.data != secret).sum()), "==", 0)
half_life = {bias: np.log(0.5) / np.log(1 / (1 + np.exp(-bias))) for bias in (0, 1, 2, 5)}
print("  forget bias and half-life: " + ", ".join(f"{bias}: {steps:.1f}" for bias, steps in half_life.items()))
# %% [markdown]
# ## The full gradient
# Now everything is open: 32 units, orthogonal $W_{hh}$, nothing trained, loss = goal · $h_T$ as in lesson 12. How much
# of the gradient arrives 99 steps back at $c$ (at $h$, where there is no $c$), and how much along $c$ alone, $\prod f$?
# Beside it the other gated cell, the GRU (Cho et al. 2014; lesson 16): $z, r = \sigma(\cdot)$ of $x$ and $h$,
# $\tilde h = \tanh(x W_{xh} + (r \odot h) W_{hh} + b)$, $h' = z \odot h + (1 - z) \odot \tilde h$; along $h$ it is
# multiplied by $z$.
# %%
def gradient_back(layer, bias=None):
    layer(x)
    if bias is not None:
        layer.b.data = np.where(np.arange(4 * UNITS) // UNITS == 1, bias, 0.0)  # of the blocks i f g o it is f's
    states = inspection.unrolled(layer, x)
    norms = inspection.gradient_norms((states[-1][0] * goal).sum(), [state[-1] for state in states])
    return norms[1:] / norms[-1]


flow = {"RNN": gradient_back(mg.layers.RNN(UNITS)), "GRU": gradient_back(mg.layers.GRU(UNITS))}
figure, axes = plt.subplots()
back = np.arange(T - 1, -1, -1)
for bias in half_life:
    layer = mg.layers.LSTM(UNITS)
    flow[f"LSTM, forget bias {bias}"] = gradient_back(layer, bias)
    f = inspection.gates(layer, x)["f"][0, 1:]
    axes.semilogy(back[:-1], np.cumprod(f[::-1], axis=0)[::-1].mean(axis=1), ":", color=f"C{len(flow) - 1}")
for name, norms in flow.items():
    axes.semilogy(back, norms, color=f"C{list(flow).index(name)}", label=name)
    print(f"  {name:<22} 10 back {norms[-11]:8.1e}   50 back {norms[-51]:8.1e}   99 back {norms[0]:8.1e}")
axes.set(xlabel="steps back", ylabel="gradient", ylim=(1e-24, 1e4), title="The whole gradient; dotted: along c alone")
axes.legend()
L.figure("flow", figure, back=back, names=list(flow), norms=list(flow.values()))
L.check("forget bias 0: gone after 99 steps", flow["LSTM, forget bias 0"][0], "<", 1e-15)
L.check("forget bias 2: a good part arrives", flow["LSTM, forget bias 2"][0], ">", 1e-3)
L.check("forget bias 5: more arrives than was sent: it can grow", flow["LSTM, forget bias 5"][0], ">", 1)
L.check("an untrained GRU: gone as well", flow["GRU"][0], "<", 1e-15)
L.check("of the RNN's gradient more arrives than of the GRU's; times", flow["RNN"][0] / flow["GRU"][0], ">", 1e3)
# %% [markdown]
# "Uninterrupted" is said of $c$ alone: $h$ still goes through $W_{hh}$ into every gate; by that road lines and dots
# differ, and a gradient can grow. And gates do not *give* the long path: at the start, in the GRU and with forget bias
# 0, it is far more closed than the vanilla net's. Lesson 15 shows which of them learn it.
#
# ## Exercises
# `python -m lessons export --student DIR` writes them in full, `python -m lessons check 14 DIR/answers_14.py` grades.
# 1. *Predict*, `left_along_c`. What is left along $c$ after some steps with a given forget bias?
# 2. *Build*, `lstm_backward(dh, dc, i, f, g, o, c, c_new)`. The backward of one LSTM step, checked gate by gate.
# 3. *Predict*, `weight_on_the_second_road`. Through which weight does the second road go, from $h$ to the next step?
# %%
L.done()
