# %% [markdown]
# # 07. hello
# **The idea.** Predict the next symbol, and a loop becomes a writer. To spell "hello", the net must remember: after the
# first *l* comes another *l*, after the second comes *o*.
#
# The lectures' example: a vocabulary of four letters, the inputs h, e, l, l, the targets e, l, l, o, and at every step
# the loss $E_t = -\log p_t(\text{target}_t)$, with $E = \sum_t E_t$. At test time each letter drawn is fed back as the
# next input.
#
# You need lessons 04 and 06. Time: two seconds.
# %%
import math

from _kit import Lesson, mg, np, plt

from minigrad.datasets import Vocabulary
from minigrad.decoding import generate, greedy, sample

L = Lesson(__file__, pictures=["hello_graph", "hello_probs"])
WORD = "hello"
vocabulary = Vocabulary(WORD)
letters = vocabulary.encode(WORD)
inputs, targets = letters[:-1], letters[1:]
# %% [markdown]
# ## The net
# $h_t = \tanh(x_t W_{xh} + h_{t-1} W_{hh} + b)$ with three units, and a readout that scores the four letters.
#
# A letter is given by its number; the number $k$ stands for the one-hot row $x_t$ with its 1 at place $k$, `input_dim`
# says how long that row is. So $x_t W_{xh}$ is row $k$ of $W_{xh}$, which the layer takes without multiplying. Layers
# expect many sequences at once, (sequences, steps): `inputs[None]` is a batch of this one, of shape (1, 4).
#
# The loss is the mean of the four steps' losses, the lectures' sum $E$ divided by 4: the same minimum, the same way
# downhill, and a number that can be compared between words of different lengths.
# %%
rnn = mg.layers.RNN(3, input_dim=len(vocabulary), return_sequences=True)
readout = mg.layers.Dense(len(vocabulary), name="readout")


def predictions():
    return readout(rnn(inputs[None]))[0]  # (4 steps, 4 letters)


def mean_loss():
    return mg.cross_entropy(predictions(), targets).mean()


one_hot = np.eye(len(vocabulary), dtype="float32")[inputs]
L.check("numbers and their one-hot rows give the same scores", float(abs(predictions() - readout(rnn(one_hot[None]))[0]).data.max()), "<=", 1e-6)


def show(p):
    print("       " + "".join(f"{symbol!r:>8}" for symbol in vocabulary.symbols))
    for given, right, row in zip(WORD, WORD[1:], p, strict=False):
        print(f"   {given} → {right}" + "".join(f"{value:8.3f}" for value in row))


before = mg.softmax(predictions()).data
show(before)
# %% [markdown]
# ## What can be had without memory?
# A table of letter pairs gives each letter one prediction, whatever came before it. It can know that *e* follows *h*
# and *l* follows *e*. What should it say after *l*, which comes twice, once followed by *l* and once by *o*?
# %%
bound = math.log(2) / 2
L.predict("the best mean loss of any table of letter pairs, in nats (with natural logarithms)", bound, 0.001)
# %% [markdown]
# After *h* and after *e* the table can be sure: probability 1, loss $-\ln 1 = 0$. After *l* it says *l* with
# probability $q$, *o* with at most $1 - q$; it pays $-\ln q$ and $-\ln(1 - q)$. The sum is least where
# $1/q = 1/(1 - q)$: $q = 1/2$, each costs $\ln 2$. The mean is then $(0 + 0 + \ln 2 + \ln 2)/4 = \frac{1}{2}\ln 2$.
# %%
q = np.linspace(0.01, 0.99, 99)
tables = (0 + 0 - np.log(q) - np.log(1 - q)) / len(inputs)
L.check("of 99 tables the best is the one that says half l, half o", float(q[tables.argmin()]), "~", (0.5, 1e-9))
L.check("and its mean loss is ln 2 / 2", float(tables.min()), "~", (bound, 1e-9))
# %% [markdown]
# ## The graph that learns it
# Unrolled: the same $W_{hh}$ at every step, four losses, and after one walk back four shares of its gradient.
# %%
with mg.Trace() as trace:
    mean_loss().backward()
shares = [share.array for share in trace.contributions(rnn.W_hh)]
L.check("W_hh is used once per letter", len(shares), "==", len(inputs))
L.check("its shares add to its gradient", float(np.abs(sum(shares) - rnn.W_hh.grad).max()), "<=", 1e-6)
L.figure("hello_graph", mg.draw(trace, labels=dict(enumerate(WORD, 1)), title="A net learns to spell “hello”"))
# %%
optimizer, losses = mg.optimizers.Adam(learning_rate=0.05), []
while len(losses) < 1000 and (not losses or losses[-1] >= 0.01):
    loss = mean_loss()
    optimizer.minimize(loss, [*rnn.parameters(), *readout.parameters()])  # zero_grad, backward, a step
    losses.append(loss.item())
beaten = sum(value >= bound for value in losses) + 1
print(f"  from update {beaten} on: below what is possible without memory; update {len(losses)}: loss {losses[-1]:.4f}")
L.check("the loss is below ln 2 / 2, so the net remembers", losses[-1], "<", bound)
L.check("below 0.01 within 1,000 updates", losses[-1], "<", 0.01)
after = mg.softmax(predictions()).data
show(after)
figure, panels = plt.subplots(1, 2, figsize=(9, 4), sharey=True)
for panel, p, title in zip(panels, (before, after), ("before", f"after {len(losses)} updates"), strict=True):
    panel.imshow(p, vmin=0, vmax=1, cmap="Oranges")
    panel.set(xticks=range(4), xticklabels=vocabulary.symbols, yticks=range(4), yticklabels=[f"after {c}" for c in WORD[:-1]], title=title)
    panel.grid(False)
    for (step, symbol), value in np.ndenumerate(p):
        panel.text(symbol, step, f"{value:.2f}", ha="center", va="center", color="white" if value > 0.6 else "black")
L.figure("hello_probs", figure, before=before, after=after)
# %% [markdown]
# ## Spelling
# Feed each choice back in: the most probable letter (greedy), or one drawn at a temperature. The scores are divided by
# the temperature before the softmax: below 1 the sure gets surer, above 1 everything gets more even. The first letter
# comes with no state, `None`, which means zeros: $h_0 = 0$, as in training.
# %%
reader = mg.layers.RNN(rnn.cell, input_dim=len(vocabulary), return_state=True)  # the same weights, one letter at a time


def read(letter, state):
    h, *state = reader(np.array([[letter]]), initial_state=state)
    return readout(h).data[0], state


def spell(choose):
    with mg.no_grad():
        return WORD[0] + vocabulary.decode(generate(read, letters[0], len(WORD) - 1, choose=choose))


L.check("greedy, beginning with h", spell(greedy), "==", WORD)
for temperature in (0.5, 1.0, 2.0):
    drawn = [spell(lambda scores, T=temperature: int(sample(scores, T))) for _ in range(L.pick(50, 200))]
    right = np.mean([word == WORD for word in drawn])
    others = sorted({word for word in drawn if word != WORD})[:4]
    print(f"  temperature {temperature}: {right:4.0%} say {WORD!r}{', others say ' + ', '.join(others) if others else ''}")
# %% [markdown]
# What it does not show: that the net knows any other word. It has seen one, and it says one.
#
# ## Exercises
# `python -m lessons export --student DIR` writes them in full, `python -m lessons check 07 DIR/answers_07.py` grades.
# 1. *Predict*, `memoryless_loss`. The best mean loss without memory for another word.
# 2. *Predict*, `shares_and_zero`. How many shares has $W_{hh}$'s gradient in a word of n letters, the last of which is
#    never an input, and which of them is zero if $h_0 = 0$?
# 3. *Build*, `sample(scores, temperature, u)`: the letter that a uniform random number u picks.
# %%
L.done()
