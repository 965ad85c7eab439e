# %% [markdown]
# # 17. A language model worth the name
# **The idea.** A net that reads one character after another and says how probable each next one is has learned
# something of the language. How much? Measure it in bits, and against the honest opponent: counting.
#
# The lectures show what such nets write after little and after much training. You let an LSTM read the prose of
# Python's language reference (`--text FILE`, `--corpus python`: other texts), and see it go from noise to words.
#
# You need lessons 07, 11 and 14. Time: 45 seconds; Ctrl-C keeps what is learned, and running again goes on from there.
# %%
import math

from _kit import TEXT_OPTIONS, Lesson, fit, kept_on_interrupt, mg, np, plt, read_text

from minigrad import datasets
from minigrad.decoding import generate, sample
from minigrad.training.callbacks import Sampler
from minigrad.training.tbptt import ResetStates, windows

L = Lesson(__file__, pictures=["curve", "unrolled"], options=TEXT_OPTIONS)
# %% [markdown]
# ## The text, and what is held out
# A tenth of the text, in blocks from all over it, is never trained on: what is measured there is no memory of the text.
# %%
UNITS, BATCH, STEPS = L.pick(64, 192, 256), 32, 32
text = read_text(L, needed=BATCH * STEPS * 6 // 5)  # a batch of windows; a tenth is held out, and some room
vocabulary = datasets.Vocabulary(text)
training, held_out = (vocabulary.encode(part) for part in datasets.split_blocks(text))
row = (len(held_out) - 1) // BATCH  # the held-out text in 32 rows, of as few equal windows of at most 250 as can be
test = windows(held_out, BATCH, row // math.ceil(row / 250))
measured = np.concatenate([y.ravel() for _, y in windows(np.arange(len(held_out)), BATCH, test.steps)])  # which places
print(f"  {len(training):,} characters to learn from, {len(held_out):,} held out, {len(vocabulary)} different")
print(f"  {len(measured):,} of those held out fill {BATCH} rows: by these counting and the net are both measured")
# %% [markdown]
# ## The opponent: counting
# An *n*-gram looks at the $n - 1$ characters before and predicts what followed them in the training text, falling back
# on shorter contexts where it has seen little (Witten and Bell 1991). The price of a text is the mean of $-\log_2 P$
# over its characters: *bits per character*. One bit fewer means that the right character was twice as probable.
# Counting and the net are asked for the very same characters.
# %%
uniform = math.log2(len(vocabulary))
L.predict(f"bits per character of somebody who knows nothing, among {len(vocabulary)} characters?", uniform, 0.01)
p = datasets.NGrams(L.pick(6, 7), len(vocabulary)).fit(training).probabilities(held_out)[:, measured]
bits_of_ngrams = -np.log2(p).mean(axis=1)
for n, bits in enumerate(bits_of_ngrams, 1):
    print(f"  {n}-gram: {bits:.3f} bits per character")
# %% [markdown]
# ## The net
# An LSTM over the characters, and a readout that gives each possible next character a score. It learns from windows of
# 32 characters that follow one another. Its state is carried from window to window, so that forward the past is without
# end; backward it is cut where the window begins (lesson 11). There is little text, and a net that sees it ten times
# might learn it by heart. So while it learns, a part of what the LSTM hands on is left out, another at every step
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


def write(model=None, temperature=0.7):
    first = int(vocabulary.encode(text[0])[0])
    drawn = generate(read, first, L.pick(100, 240), choose=lambda scores: int(sample(scores, temperature)))
    return vocabulary.decode(drawn).replace("\n", " ")


# %% [markdown]
# ## Learning
# It begins as a guess, and writes now and then; an *epoch* is once through the text. When do words come, and sentences?
# %%
samples, backup = Sampler(write, every=max(1, EPOCHS // 5)), kept_on_interrupt(L, text)
if not backup.path.exists():
    untrained = model.evaluate(test, callbacks=[ResetStates()]) / math.log(2)
    L.check("bits per character before learning: those of a guess", untrained, "~", (uniform, 0.1))
    samples.on_epoch_end(-1)
history = fit(model, learn, backup, [ResetStates(), samples], epochs=EPOCHS, validation_data=test)
model.save(L.out / "model.minigrad")
(L.out / "samples.txt").write_text("\n\n".join(f"{epoch + 1}: {said}" for epoch, said in samples.samples), encoding="utf-8")
# %% [markdown]
# ## Who predicts better?
# %%
bits = np.array(history["val_loss"]) / math.log(2)
print(f"  LSTM {bits[-1]:.3f} bits per character, best of all n-grams {min(bits_of_ngrams):.3f}")
if (ahead := bits < min(bits_of_ngrams)).any():
    print(f"  below all n-grams after {ahead.argmax() + 1} of {len(bits)} times through the text")
if not L.options.text:  # of a text of yours nothing is promised
    L.check("the net beats counting pairs", bits[-1], "<", bits_of_ngrams[1])
    if L.mode != "fast":
        L.check("the net beats counting at its best", bits[-1], "<", min(bits_of_ngrams))
figure, axes = plt.subplots()
times = range(1, len(bits) + 1)
axes.plot(times, bits, label="LSTM, held out")
axes.plot(times, np.array(history["loss"]) / math.log(2), "--", label="LSTM, training")
for n, price in enumerate(bits_of_ngrams[:5], 1):  # longer ones lie on the fifth
    axes.axhline(price, color="grey", linewidth=0.8)
    axes.annotate(f"{n}-gram", (len(bits), price), ha="right", va="bottom", color="grey")
axes.set(xlabel="times through the text", ylabel="bits per character", title="Predicting the next character", xticks=times[:: max(1, len(bits) // 10)])
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
    mg.cross_entropy(readout(outputs), excerpt[None, 1:]).mean().backward()
total = sum(share.array for share in trace.contributions(lstm.W_hh))
L.check("the shares of W_hh add to its gradient", float(np.abs(total - lstm.W_hh.grad).max()), "<=", 1e-6)
labels = {t: symbol if symbol.strip() else "␣" for t, symbol in enumerate(text[:5], 1)}
L.figure("unrolled", mg.draw(trace, labels=labels, title="How the LSTM was taught over five characters"))
# %% [markdown]
# What it does not show: bits are an average over everything, commas and spaces included. That the net beats counting
# does not say *what* it has learned; lesson 18 looks inside. And the price is that of this text: try one of yours.
#
# ## Exercises
# `python -m lessons export --student DIR` writes them in full, `python -m lessons check 17 DIR/answers_17.py` grades.
# 1. *Predict*, `uniform_bits`. The bits per character of a uniform guess among the characters of another text.
# 2. *Predict*, `why_seven_is_worse`. The longest n-gram above is not the best: why?
# 3. *Build*, `bits_per_character`. Bits per character from a list of the probabilities that a model gave to what came.
# %%
L.done()
