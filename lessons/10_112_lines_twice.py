# %% [markdown]
# # 10. A hundred lines, twice
# **The idea.** The famous backward pass that a person wrote by hand is what the graph does already, line by line.
#
# One of the lectures goes through *min-char-rnn* (Karpathy 2015), 112 lines in which a recurrent net learns a text,
# with backpropagation through time written out: $dy = p$, minus one at the target, $dh = dy\,W_{hy}^T + dh_{next}$,
# $dz = (1 - h^2) \odot dh$, and so on. Here it is in our letters, next to the same net without its backward half.
#
# You need lessons 06 and 07. Time: ten seconds.
# %%
from _kit import Lesson, curves, mg, np

from minigrad import datasets, decoding

L = Lesson(__file__, pictures=["zen_learning", "one_step"], options=[("--text", {"help": "learn this file instead"})])
text = datasets.read_text(L.options.text) if L.options.text else datasets.zen()
vocabulary = datasets.Vocabulary(text)  # sorted: list(set(text)) would number the letters anew in every run
letters, V, H, STEPS = vocabulary.encode(text), len(vocabulary), 100, 25


def by_hand(inputs, targets, h, W_xh, W_hh, b_h, W_hy, b_y):
    """Forward, keeping what backward will need; then from the last letter to the first, adding to five gradients."""
    hs, ps, loss = [h], [], 0.0
    for i, target in zip(inputs, targets, strict=True):
        hs.append(np.tanh(W_xh[i] + hs[-1] @ W_hh + b_h))  # W_xh[i]: the row that a one-hot letter would have picked
        scores = hs[-1] @ W_hy + b_y
        p = np.exp(scores - scores.max())  # without the max, a score of 1000 would overflow
        ps.append(p / p.sum())
        loss -= np.log(ps[-1][target])
    dW_xh, dW_hh, db_h, dW_hy, db_y, dh_next = (np.zeros_like(w) for w in (W_xh, W_hh, b_h, W_hy, b_y, h))
    for t in reversed(range(len(inputs))):
        dy = ps[t].copy()
        dy[targets[t]] -= 1  # through softmax and logarithm at once: p, minus one at the target
        dW_hy += np.outer(hs[t + 1], dy)
        db_y += dy
        dh = dy @ W_hy.T + dh_next  # h forks: into this step's answer, and into the next step
        dz = (1 - hs[t + 1] ** 2) * dh
        dW_xh[inputs[t]] += dz
        dW_hh += np.outer(hs[t], dz)
        db_h += dz
        dh_next = dz @ W_hh.T
    return loss, {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "W_hy": dW_hy, "b_y": db_y}


# %% [markdown]
# ## Once more, by the graph
# The forward half only. Weights and first state are random throughout, for zeros could hide a mistake.
# %%
def by_graph(inputs, targets, h, W_xh, W_hh, b_h, W_hy, b_y):
    states = []
    for t, i in enumerate(inputs):
        with mg.scope(t=t):  # for the picture: what belongs to which step
            states.append(h := mg.tanh(W_xh[int(i)] + h @ W_hh + b_h))
    return mg.cross_entropy(mg.stack(states) @ W_hy + b_y, targets).sum()


shapes = {"W_xh": (V, H), "W_hh": (H, H), "b_h": (H,), "W_hy": (H, V), "b_y": (V,)}
values = {name: 0.3 * mg.generator().standard_normal(shape) for name, shape in shapes.items()}
weights = {name: mg.Parameter(array, name=name) for name, array in values.items()}
chunk, following, h0 = letters[:STEPS], letters[1 : STEPS + 1], mg.generator().standard_normal(H)
loss_by_hand, expected = by_hand(chunk, following, h0, **values)
loss = by_graph(chunk, following, mg.Tensor(h0), **weights)
loss.backward()
for name, g in expected.items():
    L.check(f"∂L/∂{name} is the same twice", np.abs(g - weights[name].grad).max(), "<", 1e-10)
L.check("and so is the loss", loss.item(), "~", (loss_by_hand, 1e-9))
with mg.Trace() as trace:
    by_graph(chunk[:3], following[:3], mg.Tensor(h0), **weights).backward()
L.figure("one_step", mg.draw(trace, title="Three letters of the poem, walked back"))
# %% [markdown]
# Which line is which node? `dy[target] -= 1` is the *pullback* (what an operation hands back) of `cross_entropy`;
# `dy @ W_hy.T` that of `@`; the `+ dh_next` is lesson 02's sum at a fork; `(1 - h ** 2) * dh` is tanh's. `dz @ W_hh.T`,
# the line that is hardest to see, is the pullback of `h @ W_hh`: it carries the gradient one letter into the past.
#
# The layer `RNN` is the same net a third time, now with the whole chunk as *one* node: a backward written by hand once
# more, in `minigrad/kernels/rnn.py`. Given the same weights, it owes us the same gradients.
# %%
layer = mg.layers.RNN(H, input_dim=V, return_sequences=True, dtype="float64")
layer(chunk[None])  # a layer makes its weights when it first sees what it is given
layer.set_weights([values["W_xh"], values["W_hh"], values["b_h"]])
states = layer(chunk[None], initial_state=mg.Tensor(h0[None]))
mg.cross_entropy(states[0] @ values["W_hy"] + values["b_y"], following).sum().backward()
for name, w in (("W_xh", layer.W_xh), ("W_hh", layer.W_hh), ("b_h", layer.b)):
    difference = np.abs(expected[name] - w.grad).max() / np.abs(w.grad).max()
    L.check(f"∂L/∂{name} is the same a third time, relative to its size", difference, "<", 1e-10)
# %% [markdown]
# ## Let it learn the poem
# As in the original: 25 letters at a time, the state carried on, the loss *summed* over the letters, every entry of
# every gradient cut at ±5 (lesson 13), and Adagrad: a step divided by the root of the sum of all squared gradients so
# far. The loss of a letter is told in *bits*, nats divided by $\ln 2$; one bit is one coin flip.
# %%
@mg.no_grad()
def recite(length=60, temperature=1.0):
    said, state = [letters[0]], None
    while len(said) < length:
        h, state = rnn(np.array([[said[-1]]]), initial_state=state)
        said.append(decoding.sample(readout(h).data[0, 0], temperature))
    return vocabulary.decode(said)


mg.set_random_seed(L.seed)
small = mg.initializers.RandomNormal(stddev=0.01)
start = {"kernel_initializer": small, "recurrent_initializer": small}
rnn = mg.layers.RNN(H, input_dim=V, return_sequences=True, return_state=True, **start)
readout = mg.layers.Dense(V, kernel_initializer=small)
optimizer = mg.optimizers.Adagrad(learning_rate=0.1, initial_accumulator_value=0.0, epsilon=1e-8, clipvalue=5.0)
guess = STEPS * np.log(V)
L.predict(f"before learning, the summed loss of {STEPS} letters from an alphabet of {V}, in nats", round(guess, 1), 0.5)
UPDATES, CHUNKS = L.pick(1000, 16_000, 30_000), (len(letters) - 1) // STEPS
state, bits, clipped = None, [], 0
for update in range(1, UPDATES + 1):
    at = (update - 1) % CHUNKS * STEPS
    state = state.detach() if at else None  # the text begins anew, and so does the state
    h, state = rnn(letters[None, at : at + STEPS], initial_state=state)
    loss = mg.cross_entropy(readout(h)[0], letters[at + 1 : at + STEPS + 1]).sum()
    optimizer.minimize(loss, [*rnn.parameters(), *readout.parameters()])  # zero_grad, backward, a step
    clipped += any(np.abs(w.grad).max() > 5 for w in (*rnn.parameters(), *readout.parameters()))
    bits.append(loss.item() / STEPS / np.log(2))
    if update in {UPDATES // 2**k for k in range(5)}:  # the mean of once through the text
        print(f"  {update:>6} updates: {np.mean(bits[-CHUNKS:]):.2f} bits per letter: {recite()!r}", flush=True)
print(f"  some entry was cut at ±5 in {clipped / UPDATES:.0%} of the updates")
L.check("the first loss is that of a guess", bits[0] * STEPS * np.log(2), "~", (guess, 0.5))
if not L.options.text:
    L.check("bits per letter at the end", float(np.mean(bits[-CHUNKS:])), "<=", L.pick(3.8, 0.5))
if not L.options.text and L.mode != "fast":
    said = recite(2 * len(text), temperature=0.5)
    whole = sum(len(line) > 20 and line in said for line in text.splitlines())
    L.check("whole lines of the poem in what it recites", whole, ">=", 3)
curve = {"mean over the poem": np.convolve(bits, np.ones(CHUNKS) / CHUNKS, "valid")}
curves(L, "zen_learning", curve, xlabel="update", ylabel="bits per letter", title="A poem, 25 letters at a time")
# %% [markdown]
# What it does not show: that it has learned a language. For that, ask it about text that it has not seen: lesson 17.
#
# ## Exercises
# `python -m lessons export --student DIR` writes them in full, `python -m lessons check 10 DIR/answers_10.py` grades.
# 1. *Predict*, `first_loss`. The loss of the first chunk, for a text with other letters.
# 2. *Build*, `adagrad(w, g, memory, rate)`. Adagrad's update, as in the original.
# 3. *Break*, `what_breaks`. `list(set(text))` instead of the sorted letters: what goes wrong, and when?
# %%
L.done()
