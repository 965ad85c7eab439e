# %% [markdown]
# # 11. Cut the gradient, keep the state
# **The idea.** A long sequence is learned in chunks. What crosses from one chunk to the next *forward*, the state, and
# what crosses *backward*, the gradient, are two decisions.
#
# The lectures say it in one sentence: carry hidden states forward in time for ever, but backpropagate only for some
# smaller number of steps. This is truncated backpropagation through time. Here you take the sentence apart.
#
# You need lesson 06. Time: twenty seconds.
# %%
from _kit import Lesson, mg, np, plt
from tqdm import tqdm

from minigrad import datasets
from minigrad.engine import history

L = Lesson(__file__, pictures=["cut", "boundary"])
# %% [markdown]
# ## A task whose memory has a known length
# Fair coin flips; the target at time $t$ is the flip at $t - 5$. Whoever remembers five flips is always right, whoever
# does not can only guess: accuracy $1/2$.
# %%
LAG, STEPS, BATCH, UNITS = 5, L.pick(4500, 20_000, 60_000), 32, 32


def train(chunk, carry_state, trained=True):
    """Accuracy over the last fifth of one long training; `trained=False` leaves the recurrent weights as they were drawn."""
    flips, wanted = datasets.echo(BATCH, STEPS, LAG)
    rnn = mg.layers.RNN(UNITS, return_sequences=True, return_state=True, trainable=trained)
    readout, optimizer, state, right = mg.layers.Dense(2), mg.optimizers.Adam(0.003), None, []  # a score for each side of the coin
    for start in tqdm(range(0, STEPS - chunk + 1, chunk), disable=None, leave=False):
        if not carry_state:
            state = None  # decision 1: what crosses forward
        now = slice(start, start + chunk)
        hs, state = rnn(flips[:, now], initial_state=state)
        state = state.detach()  # decision 2: the values cross, the gradient does not
        scores = readout(hs)
        loss = mg.cross_entropy(scores, wanted[:, now]).mean()
        optimizer.minimize(loss, [*rnn.parameters(), *readout.parameters()])  # zero_grad, backward, a step
        right.append(np.mean(scores.argmax(-1) == wanted[:, now]))
    accuracy = float(np.mean(right[-len(right) // 5 :]))
    print(f"  chunks of {chunk:>2}, state {'carried' if carry_state else 'reset':<8}{'' if trained else 'frozen':<8}{accuracy:.3f}", flush=True)
    return accuracy


# %% [markdown]
# ## Where the gradient stops
# `detach()` returns a *new* tensor with the same values and no history. Count the steps that a walk back visits, one
# tanh each (in one kernel, as in lesson 10, there would be a single tanh for all): with `detach` as many in every
# chunk; without, three more each time, until the computer's memory is full.
# %%
flips, _ = datasets.echo(1, 12, LAG)
rnn = mg.layers.RNN(UNITS, return_sequences=True, return_state=True, unroll=True)  # every step an operation of its own
visited = {"detached": [], "not detached": []}
for how, counts in visited.items():
    state = None
    for start in range(0, 12, 3):
        hs, state = rnn(flips[:, start : start + 3], initial_state=state)
        counts.append(sum(y.op is mg.tanh for y in history(hs)))
        state = state.detach() if how == "detached" else state
L.check("steps visited, chunk by chunk, detached", visited["detached"], "==", [3, 3, 3, 3])
L.check("steps visited, chunk by chunk, not detached", visited["not detached"], "==", [3, 6, 9, 12])
if visited["detached"][-1] > 3:
    L.done()  # without the cut, the trainings below would take for ever
# %% [markdown]
# Two chunks of three steps. The second begins with the values that the first ended with, and no line leads back.
# %%
with mg.Trace() as trace:
    _, first_chunk = rnn(flips[:, :3])
    _, second_chunk = rnn(flips[:, 3:6], initial_state=first_chunk.detach())
    loss = (second_chunk * second_chunk).mean()
    loss.backward()
L.check("the gradient of W_hh has shares from the second chunk alone", len(trace.contributions(rnn.W_hh)), "==", 3)
L.figure("cut", mg.draw(trace, title="A chunk of three steps: the gradient ends where it begins"))
# %% [markdown]
# ## Predict, then run
# Chunks of 10, the state thrown away at every boundary. The first 5 targets of each chunk ask for flips that this state
# never saw. *Write down the best accuracy that any net could reach.*
# %%
def bound(chunk):
    return 1 - 0.5 * min(LAG, chunk) / chunk


L.predict("lag 5, chunks of 10, state reset: the best accuracy?", bound(10), 0.005)
reset = {10: train(10, carry_state=False)}
carried = {10: train(10, carry_state=True)}
L.check("state reset: exactly that bound", reset[10], "~", (bound(10), 0.02))
L.check("state carried, gradient cut all the same: nothing is lost", carried[10], ">=", 0.98)
# %% [markdown]
# So the gradient need not reach across boundaries, as long as it reaches five steps back *somewhere* in each chunk: the
# same weights serve every step, and what they learned late in a chunk holds at its beginning.
#
# ## And chunks of 3, shorter than the lag?
# Now no gradient ever reaches the flip that it needs. Nothing can be learned, so accuracy should stay at $1/2$.
# *Should it?* There is a control: leave the recurrent weights as they were drawn, and train the readout only.
# %%
L.predict("chunks of 3, state carried. Which does better: recurrent weights 'trained' or 'frozen' at random?", "frozen")
frozen = train(3, carry_state=True, trained=False)
carried[3] = train(3, carry_state=True)
L.check("frozen: the random net still echoes its input, and a readout can hear it", frozen, ">=", 0.97)
L.check("trained: the short-sighted gradient destroys the echo", carried[3], "<=", 0.90)
# %% [markdown]
# A random recurrent net remembers already; lesson X2 makes a method of that. What too short a chunk teaches is worse
# than nothing. The likely reason: every update serves what can be predicted within 3 steps, which is nothing, at the
# expense of what is older.
#
# ## The picture
# %%
if L.mode != "fast":
    for chunk in (3, 4, 6, 20):
        reset[chunk] = train(chunk, carry_state=False)
        carried[chunk] = carried.get(chunk) or train(chunk, carry_state=True)
    L.check("reset: the largest distance from the bound", max(abs(reset[c] - bound(c)) for c in reset), "<=", 0.02)
    L.check("carried, chunks longer than the lag", min(carried[c] for c in (6, 10, 20)), ">=", 0.98)
    L.check("carried, chunks shorter than the lag", max(carried[c] for c in (3, 4)), "<=", 0.90)
figure, axes = plt.subplots()
lengths = np.arange(1, 21)
axes.plot(lengths, [bound(c) for c in lengths], color="grey", linewidth=1, label="1 − ½ · min(lag, chunk) / chunk")
for found, how in ((reset, "state reset"), (carried, "state carried")):
    axes.plot(*zip(*sorted(found.items()), strict=True), "s" if found is reset else "o-", label=how)
axes.plot([3], [frozen], "^", label="state carried, recurrent weights frozen")
axes.axvline(LAG, color="grey", linestyle=":")
axes.annotate(" the lag", (LAG, 0.46), color="grey")
axes.set(xlabel="length of a chunk", ylabel="accuracy", ylim=(0.45, 1.03), xticks=range(0, 21, 5), title="What crosses the boundary")
axes.legend(loc="lower right")
L.figure("boundary", figure, carried=sorted(carried.items()), reset=sorted(reset.items()), frozen=frozen)
# %% [markdown]
# What it does not show: that any chunk longer than the longest dependence is long enough. Here the lag was known; a
# text does not tell you its own.
#
# ## Exercises
# `python -m lessons export --student DIR` writes them in full, `python -m lessons check 11 DIR/answers_11.py` grades.
# 1. *Predict*, `best_accuracy`. The best accuracy for another lag and another chunk, with the state reset.
# 2. *Build.* `in_chunks(rnn, x, chunk)`: the states at all steps, the state carried, the gradient cut.
# 3. *Break*, `steps_walked`. Delete `detach`. How many steps does the gradient walk back in the k-th chunk?
# %%
L.done()
