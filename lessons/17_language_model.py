# %% [markdown]
# # 17. A language model worth the name
# **The idea.** A net that reads one character after another and says how probable each next one is has learned
# something of the language. How much? Measure it in bits, and against the honest opponent: counting.
#
# The lectures show what such nets write after little and after much training, on Shakespeare, on mathematics, on code.
# You let an LSTM read the prose of Python's own language reference, which is on your machine already
# (`--text FILE` takes a text of yours, `--corpus python` Python's own source), and see it go from noise to words.
#
# You need lessons 07 and 11. Time: about a minute; Ctrl-C keeps what is learned, and running again goes on from there.
# %%
import math
import sys
import zlib
from collections import Counter

from _kit import Lesson, mg, np, plt

from minigrad import datasets
from minigrad.decoding import generate, sample
from minigrad.training.callbacks import BackupAndRestore, Callback
from minigrad.training.tbptt import ResetStates, windows

OPTIONS = [("--corpus", {"choices": ["english", "python"], "default": "english", "help": "prose or source, both Python's own"}),
           ("--text", {"metavar": "FILE", "help": "a text of your own, instead of Python's reference"}),
           ("--encoding", {"help": "how FILE is encoded, if it is not UTF-8"}),
           ("--anew", {"action": "store_true", "help": "forget what an earlier run has learned"})]
L = Lesson(__file__, pictures=["curve", "unrolled"], options=OPTIONS)
# %% [markdown]
# ## The text, and what is held out
# A tenth of the text, in blocks from all over it, is never trained on: what is measured there is not memory of the text.
# %%
UNITS, BATCH, STEPS = L.pick(64, 192, 256), 32, 32
NEEDED = BATCH * STEPS * 6 // 5  # to fill one batch of windows with what is not held out


def read_text():
    """What --text or --corpus names. A mistake in it is answered in a sentence that says what to do."""
    if not L.options.text:
        return datasets.english_prose() if L.options.corpus == "english" else datasets.python_source()
    try:
        text = datasets.read_text(L.options.text, L.options.encoding)
    except (OSError, ValueError) as problem:
        sys.exit(str(problem).replace("encoding='cp1252'", "--encoding cp1252"))
    if len(text) < NEEDED:
        sys.exit(f"{L.options.text}: {len(text):,} characters are too few to learn from; about {NEEDED:,} are needed")
    return text


def shortened(text, characters=250_000, symbols=300):
    """For a fast run: not more than so many characters, and all but the most frequent ones written as □."""
    text = text[:characters]
    common = {symbol for symbol, _ in Counter(text).most_common(symbols)}
    return text if common.issuperset(text) else "".join(symbol if symbol in common else "□" for symbol in text)


text = read_text()
if L.mode == "fast" and (short := shortened(text)) != text:
    print("  a fast run takes the first 250,000 characters at most, and writes rare ones as □")
    text = short
vocabulary = datasets.Vocabulary(text)
training, held_out = (vocabulary.encode(part) for part in datasets.split_blocks(text))
row = (len(held_out) - 1) // BATCH  # the held-out text in 32 rows of equal windows of at most 250
test = windows(held_out, BATCH, row // -(-row // 250))
measured = np.concatenate([y.ravel() for _, y in windows(np.arange(len(held_out)), BATCH, test.steps)])
print(f"  {len(training):,} characters to learn from, {len(held_out):,} held out, {len(vocabulary)} different")
print(f"  {len(measured):,} of those held out fill {BATCH} rows: by these counting and the net are both measured")
if len(text) > 10_000:
    L.check("the part of what is held out that is measured", len(measured) / len(held_out), ">=", 0.9)
# %% [markdown]
# ## The opponent: counting
# An *n*-gram looks at the $n - 1$ characters before and predicts what followed them in the training text, falling back
# on shorter contexts where it has seen little (Witten and Bell 1991). The price of a text is the mean of $-\log_2 P$
# over its characters: *bits per character*. One bit fewer means that the right character was twice as probable.
# Counting and the net are asked for the very same characters.
# %%
p = datasets.NGrams(6, len(vocabulary)).fit(training).probabilities(held_out)[:, measured]
bits_of_ngrams = -np.log2(p).mean(axis=1)
for n, bits in enumerate(bits_of_ngrams, 1):
    print(f"  {n}-gram: {bits:.3f} bits per character")
uniform = math.log2(len(vocabulary))
L.predict(f"bits per character of somebody who knows nothing, among {len(vocabulary)} characters?", uniform, 0.01)
# %% [markdown]
# ## The net
# An LSTM over the characters, and a readout that gives each possible next character a score. It learns from windows of
# 32 characters that follow one another. Its state is carried from window to window, so that forward the past is without
# end; backward it is cut where the window begins (lesson 11). There is little text, and a net that sees it ten times
# begins to learn it by heart. So while it learns, a part of what the LSTM hands on is left out, another at every step
# (*dropout*): nothing may rest on one cell alone.
# %%
learn = windows(training, BATCH, STEPS)
EPOCHS = L.pick(1, 6, 20) if L.options.corpus == "python" else L.pick(2, 10, 30)  # there is more source than prose
lstm = mg.layers.LSTM(UNITS, input_dim=len(vocabulary), batch_size=BATCH, return_sequences=True, stateful=True)
readout = mg.layers.Dense(len(vocabulary), name="readout")
model = mg.Sequential([lstm, mg.layers.Dropout(0.1 if L.options.corpus == "python" else 0.3), readout])
rate = mg.schedules.CosineDecay(0.01, decay_steps=EPOCHS * len(learn), alpha=0.02)
model.compile(mg.optimizers.Adam(rate, global_clipnorm=1.0), mg.losses.SparseCategoricalCrossentropy(from_logits=True))
model(next(iter(learn))[0])  # the first use makes the weights
print(f"  {model.count_params():,} weights")
if (work := EPOCHS * len(training) * (UNITS + len(vocabulary)) / 1e9) > 5:
    print(f"  this takes about {work:.0f} times as long as Python's reference; Ctrl-C keeps what is learned")
# %% [markdown]
# ## Writing
# To write, the net is given its own choice as the next input. Each character is drawn from the prediction, made a
# little sharper than it is (temperature 0.7, lesson 07).
# %%
reader = mg.layers.RNN(lstm.cell, input_dim=len(vocabulary), return_state=True)  # the same cell, one text at a time


def read(character, state):
    with mg.no_grad():
        h, *state = reader(np.array([[character]]), initial_state=state)
        return readout(h).data[0], state


def write(temperature=0.7):
    first = int(vocabulary.encode(text[0])[0])
    drawn = generate(read, first, L.pick(100, 240), choose=lambda scores: int(sample(scores, temperature)))
    return vocabulary.decode(drawn).replace("\n", " ")


class Stages(Callback):
    """Writes at four stages: before anything is learned, after the first epoch, after a quarter, at the end."""

    def __init__(self):
        self.samples = {}

    def on_epoch_end(self, epoch, logs=None):
        if epoch + 1 in (0, 1, EPOCHS // 4, EPOCHS):
            said = self.samples[str(epoch + 1)] = write()
            price = f", {logs['val_loss'] / math.log(2):.2f} bits" if logs else ""
            print(f"\n  after {epoch + 1} times through the text{price}:\n    {said}\n", flush=True)

    def state(self):  # kept with what is learned, so that a run in two parts has all four
        return {"samples": self.samples}

    def set_state(self, state):
        self.samples = dict(state["samples"])


# %% [markdown]
# ## Learning
# It begins as a guess. Read the four samples: when do spaces come where they belong, when words, when sentences?
# %%
which = zlib.crc32(f"{L.mode} {L.seed} {text}".encode("utf-8", "surrogatepass"))  # another text learns anew
backup, stages = BackupAndRestore(L.out / f"unfinished_{which:08x}"), Stages()
if L.options.anew:
    backup.path.unlink(missing_ok=True)
if backup.path.exists():
    print(f"  going on from {backup.path}")
else:
    untrained = model.evaluate(test, callbacks=[ResetStates()]) / math.log(2)
    L.check("bits per character before learning: those of a guess", untrained, "~", (uniform, 0.1))
    stages.on_epoch_end(-1)
try:
    history = model.fit(learn, epochs=EPOCHS, validation_data=test, callbacks=[ResetStates(), stages, backup]).history
except KeyboardInterrupt:  # a second Ctrl-C, while the first one's file was being written: the one before it stands
    backup.interrupted = True
if backup.interrupted:
    print(f"\n  stopped; what is learned is kept in {backup.path}: run this again to go on")
    sys.exit(130)
backup.path.parent.rmdir()  # finished: nothing is left to go on with
model.save(L.out / "model.minigrad")
(L.out / "samples.txt").write_text("\n\n".join(f"{k}: {said}" for k, said in stages.samples.items()), encoding="utf-8")
# %% [markdown]
# ## Who predicts better?
# %%
bits = np.array(history["val_loss"]) / math.log(2)
print(f"  LSTM {bits[-1]:.3f}, bigram {bits_of_ngrams[1]:.3f}, trigram {bits_of_ngrams[2]:.3f}, "
      f"best of all n-grams {min(bits_of_ngrams):.3f} bits per character")
if (ahead := bits < min(bits_of_ngrams)).any():
    print(f"  below all n-grams after {ahead.argmax() + 1} of {len(bits)} times through the text")
if not L.options.text:  # of a text of yours nothing is promised
    L.check("the net beats counting pairs", bits[-1], "<", bits_of_ngrams[1])
    if L.mode != "fast":
        L.check("the net beats counting triples", bits[-1], "<", bits_of_ngrams[2])
        L.check("the net beats counting at its best", bits[-1], "<", min(bits_of_ngrams))
figure, axes = plt.subplots()
axes.plot(np.arange(1, len(bits) + 1), bits, label="LSTM, held out")
axes.plot(np.arange(1, len(bits) + 1), np.array(history["loss"]) / math.log(2), "--", label="LSTM, training")
for n, price in enumerate(bits_of_ngrams[:5], 1):
    axes.axhline(price, color="grey", linewidth=0.8)
    axes.annotate(f"{n}-gram", (len(bits), price), ha="right", va="bottom", color="grey")
axes.set_xticks(range(1, len(bits) + 1, max(1, len(bits) // 10)))
axes.set(xlabel="times through the text", ylabel="bits per character", title="Predicting the next character")
axes.legend()
L.figure("curve", figure, bits=bits, ngrams=bits_of_ngrams)
# %% [markdown]
# ## How it was taught
# The net unrolled over a few characters, and the gradient of its recurrent weights: every step's share, and their sum.
# %%
excerpt = vocabulary.encode(text[:6])
model.zero_grad()
with mg.Trace() as trace:
    outputs = mg.layers.RNN(lstm.cell, input_dim=len(vocabulary), return_sequences=True, name="lstm")(excerpt[None, :-1])
    loss = mg.cross_entropy(readout(outputs), excerpt[None, 1:]).mean()
    loss.backward()
total = sum(share.array for share in trace.contributions(lstm.W_hh))
L.check("the shares of W_hh add to its gradient", float(np.abs(total - lstm.W_hh.grad).max()), "<=", 1e-6)
labels = {t: symbol if symbol.strip() else "␣" for t, symbol in enumerate(text[:5], 1)}
L.figure("unrolled", mg.draw(trace, labels=labels, title="How the LSTM was taught over five characters"))
# %% [markdown]
# ## What it does not show
# Bits are an average over everything, commas and spaces included. That the net beats counting does not say *what* it has
# learned; lesson 18 looks inside. And the price is that of this text: try `--text` with one of yours, and see who wins.
#
# ## Exercises
# `python -m lessons export --student DIR` writes the questions in full; `python -m lessons check 17 answers.py` grades them.
# 1. *Predict*, `uniform_bits`. The bits per character of a uniform guess among 96 characters.
# 2. *Predict*, `why_seven_is_worse`. Which order of n-gram is best here, and why is a longer one worse?
# 3. *Build*, `bits_per_character`. Bits per character from a list of the probabilities that a model gave to what came.
# %%
L.done()
