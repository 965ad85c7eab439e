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

from _kit import Lesson, curves, dates_in_numbers, looks, mg, np

from minigrad.decoding import greedy
from minigrad.layers import GRU, Bidirectional, Dense
from minigrad.training.callbacks import LambdaCallback

L = Lesson(__file__, pictures=["attention", "bottleneck", "seq2seq"])
# %% [markdown]
# ## The task
# Dates as people write them, in eight ways; the answer is always year-month-day. Short sources are filled up with a
# padding symbol, number 0; in the answers, 0 stands for *begin*. How to measure? A writer that reads nothing knows only
# what answers look like (any day of a hundred years): at each place it writes the character most frequent there.
# %%
TRAIN, TEST, H = 9600, L.pick(200, 500), L.pick(32, 64)
texts, answers, source, target, x, y = dates_in_numbers(TRAIN + TEST)
new_texts, new_answers, new_x, new_y = (part[TRAIN:] for part in (texts, answers, x, y))  # never trained on
for text, answer in zip(texts[:4], answers, strict=False):
    print(f"  {text:>28} → {answer}")
frequent = np.array([np.bincount(column).argmax() for column in y[:TRAIN, 1:].T])
L.predict("of an answer's ten characters, how many are right on average?", 10 * (frequent == new_y[:, 1:]).mean(), 0.5)
exactly_right = lambda said: float((said == new_y[:, 1:]).all(axis=1).mean())
print(f"  and answers exactly right: {exactly_right(frequent):.1%}. So count exact answers, not characters.")
# %% [markdown]
# ## Reader and writer
# The reader is two GRUs, one in each direction, whose states at each letter are put side by side: the *notes*. The
# writer is a GRU that begins with a summary of what the readers knew at their ends. At each step it is given the
# character before: in training the right one (*teacher forcing*), afterwards its own.
#
# Attention, with $q_t$ a question made of the writer's state, $n_j$ the note at letter $j$, both $d = 2H$ long:
# $$a_{tj} = \mathrm{softmax}_j\!\left(q_t \cdot n_j / \sqrt{d}\right), \qquad \text{context}_t = \sum_j a_{tj}\, n_j.$$
# Without it, the writer has its own state alone. The picture is of three letters read and two characters written.
# %%
class Translator(mg.Model):
    def __init__(self, attention):
        super().__init__()
        ahead = GRU(H, input_dim=len(source), return_sequences=True, return_state=True, name="reader")
        self.reader = Bidirectional(ahead)  # and another one like it, which reads from the end
        self.writer = GRU(H, input_dim=len(target), return_sequences=True, name="writer")
        self.question = Dense(2 * H, use_bias=False) if attention else None
        self.summary, self.readout = Dense(H, "tanh"), Dense(len(target))

    def call(self, inputs):
        x, before = inputs
        notes, end, begin = self.reader(x, mask=x != 0)  # (N, letters, 2H), and the two readers' last states
        h = self.writer(before, initial_state=self.summary(mg.concatenate([end, begin], axis=-1)))  # (N, steps, H)
        if self.question is not None:
            scores = self.question(h) @ mg.swapaxes(notes, 1, 2) / (2 * H) ** 0.5  # (N, steps, letters)
            look = self.look = mg.softmax(mg.where((x != 0)[:, None], scores, -1e9), axis=-1)  # none of it at padding
            h = mg.concatenate([h, look @ notes], axis=-1)
        return self.readout(h)


@mg.no_grad()  # calculate without remembering: nothing will be walked back
def translate(model, x):
    """Every answer character by character, each choice being the next input."""
    said = np.zeros((len(x), 1), int)
    for _ in range(10):
        said = np.append(said, greedy(model([x, said]))[:, -1:], axis=1)
    return said[:, 1:]


looking = Translator(attention=True)
with mg.Trace() as trace:
    pair = [source.encode("Jun")[None], target.encode("\0" + "0")[None]]
    mg.cross_entropy(looking(pair), target.encode("06")[None]).mean().backward()
steps = {share.t for share in trace.contributions(looking.writer.W_hh)}
L.check("the writer's W_hh gets a gradient from each step of the writing", len(steps), "==", 2)
L.figure("seq2seq", mg.draw(trace, weight=looking.writer.W_hh, title="A reader, a writer, and a look back"))
# %% [markdown]
# ## The same net, with and without
# The same reader, the same writer, the same 150 updates: how many unseen dates does each get right? One look tells: if
# each character is the most probable one after the right ones before it, then the net by itself writes just these.
# %%
def train(model, passes):
    """Once or more through the dates: the share of unseen ones exactly right, every 25 updates."""
    shares, loss = [], mg.losses.SparseCategoricalCrossentropy(from_logits=True)
    share = lambda: exactly_right(greedy(model.predict([new_x, new_y[:, :-1]], batch_size=500)))
    watch = LambdaCallback(on_train_batch_end=lambda batch, _: shares.append(share()) if batch % 25 == 24 else None)
    model.compile(mg.optimizers.Adam(L.pick(0.02, 0.01), global_clipnorm=1.0), loss)
    model.fit([x[:TRAIN], y[:TRAIN, :-1]], y[:TRAIN, 1:], batch_size=64, epochs=passes, callbacks=watch)
    return shares


shares = {"with attention": train(looking, 1)}
L.check("with attention: exactly right after 150 updates", shares["with attention"][-1], ">=", 0.98)
by_itself = exactly_right(translate(looking, new_x))
L.check("and writing by itself, each choice its next input", by_itself, "~", (shares["with attention"][-1], 0.005))
if L.mode != "fast":
    shares["without"] = train(Translator(attention=False), 8)
    L.check("without: after the same 150 updates", shares["without"][5], "<", 0.3)
    L.check("without: at its best within eight times as many", max(shares["without"]), ">=", 0.95)
curves(L, "bottleneck", shares, x=25 * np.arange(1, 8 * 6 + 1), xlabel="updates", ylabel="unseen dates exactly right",
       title="One vector, or all the notes")  # fmt: skip
# %% [markdown]
# One vector *is* enough: without attention the net gets there too, given time. What attention changes is the way from
# an answer to its letters, and for the gradient back: one look, instead of all the reading and writing in between.
#
# ## What does it look at?
# Nobody told it where the month stands. While it writes the month's two digits it should look at the month's first
# three letters, by which one knows it, more than an even look would; and never at padding, which is kept out of the
# readers' states (`mask`) and out of the softmax, so that filling up further changes nothing.
# %%
with mg.no_grad():
    padded, scores = (looking([np.pad(new_x, ((0, 0), (0, more))), new_y[:, :-1]]).data for more in (9, 0))
look = looking.look.data  # (dates, 10, letters)
L.check("nine more padding symbols change the scores by", float(np.abs(scores - padded).max()), "<=", 1e-4)
places = [text.find(calendar.month_abbr[int(answer[5:7])]) for text, answer in zip(new_texts, new_answers, strict=True)]
paid = [look[n, 5:7, at : at + 3].sum(axis=-1).mean() for n, at in enumerate(places) if at >= 0]
even = [3 / len(new_texts[n]) for n, at in enumerate(places) if at >= 0]
print(f"  the month's letters get {np.mean(paid):.0%} of the look while it is written; if even: {np.mean(even):.0%}")
L.check("times as much as an even look", np.mean(paid) / np.mean(even), ">=", 1.5)
looks(L, "attention", look[:4], new_texts, new_answers)
# %% [markdown]
# What it does not show: that it knows what a date is. Four ways that it has never seen, of a year that it has; the
# first is a fair trap, since in the way that it has learned, 02/13/2031, the month comes first:
# %%
for text in ("13/02/2031", "2031.2.13", "February 2031, 13", "13th Feb 2031"):
    answer = target.decode(translate(looking, source.encode(text)[None])[0])
    print(f"  {text:>28} → {answer}{'' if answer == '2031-02-13' else '   wrong'}")
# %% [markdown]
# ## Exercises
# `python -m lessons export --student DIR` writes them in full, `python -m lessons check 20 DIR/answers_20.py` grades.
# 1. *Predict*, `third_share`. Three notes get the scores 0, 0 and ln k. What share of the look does the third get?
# 2. *Build.* `attend(question, notes, mask)`: the weighted mean of the notes, padding left out.
# 3. *Build.* `teacher_forcing(targets, begin)`: what the writer is given in training, from what it must say.
# %%
L.done()
