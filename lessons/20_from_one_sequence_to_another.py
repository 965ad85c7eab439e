# %% [markdown]
# # 20. From one sequence to another
# **The idea.** Read the source into one vector and write the answer from it; then stop squeezing, and let the writer
# look back at everything that was read.
#
# The lectures build translation from two halves: a many-to-one net that encodes the input sequence in a single vector,
# and a one-to-many net that writes the output from it (Sutskever, Vinyals and Le 2014). They name what came next,
# attention (Bahdanau, Cho and Bengio 2015), without showing it. Here it is three lines.
#
# You need lessons 07 and 16. Time: half a minute.
# %%
import calendar
import math

from _kit import Lesson, curves, dates_in_numbers, looks, mg, np

from minigrad.decoding import generate, greedy
from minigrad.training.callbacks import LambdaCallback

L = Lesson(__file__, pictures=["attention", "bottleneck", "seq2seq"])
# %% [markdown]
# ## The task
# Dates as people write them, in eight ways; the answer is always year-month-day. Sources have different lengths, so
# short ones are filled up with a padding symbol, number 0. In the answers, number 0 stands for *begin*.
# %%
TRAIN, TEST = 9600, L.pick(200, 500)
texts, answers, source, target, x, y = dates_in_numbers(TRAIN + TEST)
for text, answer in zip(texts[:4], answers, strict=False):
    print(f"  {text:>28} → {answer}")
# %% [markdown]
# ## Reader and writer
# The reader is two GRUs, one in each direction, whose states at each letter are put side by side: the *notes*. The
# writer is a GRU that begins with what the readers knew at their ends. At each step it is given the character before:
# in training the right one (*teacher forcing*), afterwards its own.
#
# Attention, with $q_t$ a question made of the writer's state, $n_j$ the note at letter $j$, and $d = 2H$ the length of both:
# $$a_{tj} = \mathrm{softmax}_j\!\left(q_t \cdot n_j / \sqrt{d}\right), \qquad \text{context}_t = \sum_j a_{tj}\, n_j.$$
# Without it, the writer has its own state alone.
# %%
H = L.pick(32, 64)


class Translator(mg.Model):
    def __init__(self, attention):
        super().__init__()
        reader = mg.layers.GRU(H, input_dim=len(source), return_sequences=True, return_state=True, name="reader")
        self.reader, self.summary = mg.layers.Bidirectional(reader), mg.layers.Dense(H, "tanh")
        self.writer = mg.layers.GRU(H, input_dim=len(target), return_sequences=True, return_state=True, name="writer")
        self.question = mg.layers.Dense(2 * H, use_bias=False) if attention else None
        self.readout = mg.layers.Dense(len(target))

    def read(self, x):
        mask = x != 0
        notes, end, begin = self.reader(x, mask=mask)  # (N, letters, 2H), and the readers' last states
        return notes, mask, self.summary(mg.concatenate([end, begin], axis=-1))

    def write(self, before, notes, mask, state):
        h, state = self.writer(before, initial_state=state)  # (N, steps, H)
        if self.question is None:
            return self.readout(h), state, None
        scores = self.question(h) @ mg.swapaxes(notes, 1, 2) / math.sqrt(2 * H)  # (N, steps, letters)
        look = mg.softmax(mg.where(mask[:, None], scores, -1e9), axis=-1)  # of padding: 0
        return self.readout(mg.concatenate([h, look @ notes], axis=-1)), state, look

    def call(self, inputs):
        x, before = inputs
        return self.write(before, *self.read(x))[0]


@mg.no_grad()  # calculate without remembering: nothing will be walked back
def translate(model, x):
    """Every answer character by character, each choice being the next input."""
    notes, mask, state = model.read(x)

    def step(said, state):
        scores, state, _ = model.write(said[:, None], notes, mask, state)
        return scores[:, 0], state

    said = generate(step, np.zeros(len(x), int), 10, state, choose=greedy)
    return [target.decode(row) for row in np.stack(said, axis=1)]


# %% [markdown]
# ## Predict, then run
# How to measure? A writer that reads nothing knows only what answers look like (all days from 1950 to 2049, as year-month-day):
# at each of the ten places it writes the character that is most frequent there.
# %%
right = y[TRAIN:, 1:] == [np.bincount(column).argmax() for column in y[:TRAIN, 1:].T]
L.predict("of the ten characters of an answer, how many does it get right on average?", float(right.sum(axis=1).mean()), 0.5)
print(f"  and answers exactly right: {right.all(axis=1).mean():.1%}. So count exact answers, not characters.")
# %% [markdown]
# ## The same net, with and without
# The same reader, the same writer, the same 150 updates: how many unseen dates does each of them get right?
# %%


def train(model, passes):
    """Once or more through the dates: the share of unseen ones exactly right, every 25 updates."""
    shares = []

    def measure(batch, logs):
        if (batch + 1) % 25 == 0:
            shares.append(float(np.mean(np.array(translate(model, x[TRAIN:])) == answers[TRAIN:])))

    loss = mg.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(mg.optimizers.Adam(L.pick(0.02, 0.01), global_clipnorm=1.0), loss)
    measuring = LambdaCallback(on_train_batch_end=measure)
    model.fit([x[:TRAIN], y[:TRAIN, :-1]], y[:TRAIN, 1:], batch_size=64, epochs=passes, callbacks=measuring)
    return shares


looking = Translator(attention=True)
shares = {"with attention": train(looking, 1)}
L.check("with attention: exactly right after 150 updates", shares["with attention"][-1], ">=", 0.98)
if L.mode != "fast":
    shares["without"] = train(Translator(attention=False), 8)
    L.check("without: after the same 150 updates", shares["without"][5], "<", 0.3)
    L.check("without: at its best within eight times as many", max(shares["without"]), ">=", 0.95)
curves(L, "bottleneck", shares, x=25 * np.arange(1, 8 * 6 + 1), xlabel="updates", ylabel="unseen dates exactly right",
       title="One vector, or all the notes")  # fmt: skip
# %% [markdown]
# One vector *is* enough: without attention the net gets there too, given time. What attention changes is the way from an
# answer to its letters, and for the gradient back: one look, instead of all the reading and writing in between.
#
# ## What does it look at?
# Nobody told it where the month stands. If the map means anything, then while it writes the month's two digits it
# looks at the month's first three letters, by which one knows it, more than an even look would.
# %%
with mg.no_grad():
    look = looking.write(y[TRAIN:, :-1], *looking.read(x[TRAIN:]))[2].data  # (dates, 10, letters)
places = [text.find(calendar.month_abbr[int(answer[5:7])]) for text, answer in zip(texts[TRAIN:], answers[TRAIN:], strict=True)]
paid = [look[n, 5:7, at : at + 3].sum(axis=-1).mean() for n, at in enumerate(places) if at >= 0]
even = [3 / len(texts[TRAIN + n]) for n, at in enumerate(places) if at >= 0]
print(f"  on the month's letters while writing the month: {np.mean(paid):.0%} of the look; if it were even: {np.mean(even):.0%}")
L.check("times as much as an even look", np.mean(paid) / np.mean(even), ">=", 1.5)
looks(L, "attention", look[:4], texts[TRAIN:], answers[TRAIN:])
# %% [markdown]
# ## Padding must not matter
# `mask` keeps padding out of the readers' states and out of the softmax. Then filling up further changes nothing.
# %%
with mg.no_grad():
    scores, padded = (looking([np.pad(x[:50], ((0, 0), (0, more))), y[:50, :-1]]).data for more in (0, 9))
L.check("nine more padding symbols change the scores by", float(np.abs(scores - padded).max()), "<=", 1e-4)
# %% [markdown]
# ## The graph
# Three letters read, two characters written: both readers, the writer, and one share of the writer's $W_{hh}$ per step.
# %%
with mg.Trace() as trace:
    mg.cross_entropy(looking([source.encode("Jun")[None], target.encode("\0" + "0")[None]]), target.encode("06")[None]).mean().backward()
steps = {share.t for share in trace.contributions(looking.writer.W_hh)}
L.check("the writer's W_hh gets a gradient from each step of the writing", len(steps), "==", 2)
L.figure("seq2seq", mg.draw(trace, weight=looking.writer.W_hh, title="A reader, a writer, and a look back"))
# %% [markdown]
# ## What it does not show
# That it knows what a date is. Four ways that it has never seen, of a year that it has; the first is a fair trap, since in
# the way that it has learned, 02/13/2031, the month comes first:
# %%
for text in ("13/02/2031", "2031.2.13", "February 2031, 13", "13th Feb 2031"):
    (answer,) = translate(looking, source.encode(text)[None])
    print(f"  {text:>28} → {answer}{'' if answer == '2031-02-13' else '   wrong'}")
# %% [markdown]
# ## Exercises
# `python -m lessons export --student DIR` writes the questions in full; `python -m lessons check 20 answers_20.py` grades them.
# 1. *Predict*, `third_share`. Three notes get the scores 0, 0 and ln k. What share of the look does the third get?
# 2. *Build.* `attend(question, notes, mask)`: the weighted mean of the notes, padding left out.
# 3. *Build.* `teacher_forcing(targets, begin)`: what the writer is given in training, from what it must say.
# %%
L.done()
