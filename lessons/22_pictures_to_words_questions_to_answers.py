# %% [markdown]
# # 22. Pictures to words, questions to answers
# **The idea.** A recurrent net that is shown a picture can describe it, and one that hears a question can look for the
# answer. Whether it understands shows when you ask for what it has never seen, and when you blindfold it.
#
# The lectures caption images by adding one term to the recurrence: before, $h = \tanh(W_{xh} x + W_{hh} h)$; now,
# $h = \tanh(W_{xh} x + W_{hh} h + W_{ih} v)$, with $v$ what an image net made of the picture; and they answer questions
# about images by putting $v$ beside what a recurrent net made of the question.
#
# You need lessons 05 and 20. Time: 15 seconds.
# %%
from _kit import Lesson, curves, grid, mg, np

from minigrad import datasets
from minigrad.layers import GRU, RNN, Concatenate, Dense, Embedding, Flatten, RepeatVector, Reshape

L = Lesson(__file__, pictures=["captions", "unseen", "vqa"])
# %% [markdown]
# ## Two digits, one number
# Two handwritten digits side by side are a number, and its caption is the English word: 4 and 2, "forty-two". Fifteen
# of the hundred words are never shown in training, though all their parts are.
# %%
END, UPDATES = "\0", L.pick(200, 600)
(images, labels), (new_images, new_labels) = datasets.split(*datasets.digits())
words = [datasets.number_word(n) for n in range(100)]
letters = datasets.Vocabulary(END + "".join(words))
STEPS = max(map(len, words)) + 1
spelled = np.array([letters.encode(word.ljust(STEPS, END)) for word in words])
hidden = mg.generator().choice([n for n in range(20, 100) if n % 10], 15, replace=False)
print("  never shown:", ", ".join(words[n] for n in sorted(hidden)[:6]), "…")
pairs, shown = datasets.digit_pairs(images, labels, 64 * UPDATES * 4 // 3)  # more than needed: a seventh is dropped
known = np.flatnonzero(~np.isin(shown @ [10, 1], hidden))[: 64 * UPDATES]
pairs, values = pairs[known], shown[known] @ [10, 1]
new_pairs, new_shown = datasets.digit_pairs(new_images, new_labels, L.pick(400, 2000))
new_values = new_shown @ [10, 1]
# %% [markdown]
# ## When to look
# The picture may be given once, at the start; or at every step, as the lectures' formula has it: with $v$ beside each
# letter's vector, the input weights are $W_{xh}$ over $W_{ih}$ (image to hidden). Both nets learn 85 words. *Shown one
# of the other fifteen, which of them has the better chance to say it?*
# %%
def seen_in(picture):
    return Flatten()(Dense(64, "relu")(Reshape((2, 64))(picture)))  # one layer for both halves (lesson 05)


def ready(model, rate, updates):
    """Compiled for Adam with a rate that falls along half a cosine, and the loss of lesson 04."""
    falling = mg.schedules.CosineDecay(rate, decay_steps=updates, alpha=0.02)
    loss = mg.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(mg.optimizers.Adam(falling, global_clipnorm=1.0), loss, metrics=["accuracy"])
    return model


def captioner(every_step):
    picture, before = mg.Input((2, 8, 8)), mg.Input((STEPS,), dtype="int64")
    look = np.ones((STEPS, 1)) if every_step else np.eye(STEPS, 1)  # 1 at every step, or at the first only
    v = RepeatVector(STEPS)(seen_in(picture)) * look.astype("float32")
    h = RNN(64, return_sequences=True)(Concatenate()([Embedding(len(letters), 16)(before), v]))
    return ready(mg.Model([picture, before], Dense(len(letters))(h)), 0.01, UPDATES)


def caption(model, pairs):
    """Letter by letter, each the most probable one, and given back as the next input."""
    said = np.zeros((len(pairs), STEPS + 1), int)
    for t in range(STEPS):
        said[:, t + 1] = model.predict([pairs, said[:, :-1]], batch_size=500)[:, t].argmax(-1)
    return [letters.decode(row[1:]).split(END)[0] for row in said]


L.predict("which one: looks 'once' or 'every' step?", "every")
before = np.pad(spelled[values], ((0, 0), (1, 0)))[:, :-1]
truth, seen, scores = np.array([words[n] for n in new_values]), ~np.isin(new_values, hidden), {}
for name, every_step in (("once", False), ("every step", True)):
    model = captioner(every_step)
    model.fit([pairs, before], spelled[values], batch_size=64, verbose=0)
    said = np.array(caption(model, new_pairs))
    known, unseen = scores[name] = [float((said == truth)[rows].mean()) for rows in (seen, ~seen)]
    print(f"  picture given {name:<10}: {known:.0%} of new pictures of known words, {unseen:.0%} of unseen words")
L.check("known words, new pictures, looking at every step", known, ">=", L.pick(0.5, 0.85))
L.check("unseen words: what looking at every step adds", unseen - scores["once"][1], ">=", L.pick(0.05, 0.2))
tried = [f"{words[n]} → {said[new_values == n][0]}" for n in hidden[:5] if n in new_values]
print("  unseen words, as said:", ", ".join(tried))
# %% [markdown]
# The likely reason: the net that looks once must pack the whole word into its state before the first letter, and has
# packed 85 parcels only. The other can spell "forty-", look again, and then go on with the right digit.
# %%
half = np.array([not {*s.split("-")}.isdisjoint(t.split("-")) for s, t in zip(said, truth, strict=True)])  # or all
kinds = {"right": said == truth, "half right": half & (said != truth), "wrong": ~half}
shown = {kind: np.flatnonzero(which)[:4] for kind, which in kinds.items() if which.any()}
pictures = {kind: datasets.side_by_side(new_pairs[which]) for kind, which in shown.items()}
grid(L, "captions", pictures, [[said[n] or "(nothing)" for n in which] for which in shown.values()])
curves(L, "unseen", {f"looks {name}": pair for name, pair in scores.items()}, marker="o", xticks=[0, 1],
       xticklabels=["known words", "unseen words"], ylabel="captions exactly right", ylim=(0, 1))  # fmt: skip
# %% [markdown]
# ## Questions about pictures
# Five questions about the two digits, with the answers 0 to 9, yes and no; a fifth of the pairs shows a digit twice. A
# GRU reads the words, the encoder looks at the digits, and a small net makes the answer of both. The controls hear the
# question without the picture, or see the picture without the question: what they get right is guessed, not answered.
# %%
print("  " + "? ".join(datasets.QUESTIONS) + "?")
answers = [str(d) for d in range(10)] + ["yes", "no"]
vocabulary = sorted({word for question in datasets.QUESTIONS for word in question.split()})
LONGEST = max(len(question.split()) for question in datasets.QUESTIONS)


def interview(images, labels, count):
    pairs, shown = datasets.digit_pairs(images, labels, count, equal=0.2)
    asked, replies = datasets.ask(shown)
    heard = [[vocabulary.index(word) + 1 for word in question.split()] for question in asked]
    padded = np.array([row + [0] * (LONGEST - len(row)) for row in heard])
    return pairs, padded, np.array([answers.index(reply) for reply in replies])


def answering():
    picture, question = mg.Input((2, 8, 8)), mg.Input((LONGEST,), dtype="int64")
    q = GRU(32)(Embedding(len(vocabulary) + 1, 16, mask_zero=True)(question))
    both = Dense(128, "relu")(Concatenate()([seen_in(picture), q]))
    return ready(mg.Model([picture, question], Dense(len(answers))(Dense(64, "relu")(both))), 0.005, ROUNDS)


ROUNDS = L.pick(250, 1500)
pictures, questions, replies = interview(images, labels, 64 * ROUNDS)
new_pictures, new_questions, new_replies = interview(new_images, new_labels, 2000)
for name, eyes, ears in (("both", 1, 1), ("question only", 0, 1), ("picture only", 1, 0)):
    model = answering()
    model.fit([eyes * pictures, ears * questions], replies, batch_size=64, verbose=0)
    right = model.evaluate([eyes * new_pictures, ears * new_questions], new_replies, batch_size=500)[1]
    L.check(f"answers right, {name}", right, *((">=", L.pick(0.55, 0.93)) if name == "both" else ("<=", 0.5)))
    if name == "both":
        L.figure("vqa", mg.draw(model))
# %% [markdown]
# What it does not show: that the net counts, or compares. Ask it which digit is *smaller*: it has no ear for the word.
#
# ## Exercises
# `python -m lessons export --student DIR` writes them in full, `python -m lessons check 22 DIR/answers_22.py` grades.
# 1. *Predict*, `blind`. Somebody hears only the question, but knows how often each answer follows it: how often right?
# 2. *Build.* `as_one_product(x, v, W_xh, W_ih)`: the lectures' two input terms as one row times one matrix.
# 3. *Predict*, `more_weights`. How many weights does looking at every step cost beyond looking once?
# %%
L.done()
