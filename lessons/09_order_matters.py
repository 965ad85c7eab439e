# %% [markdown]
# # 09. Order matters
# **The idea.** Two sentences of the same words, two verdicts. Who counts words cannot tell them apart; who reads them
# one after the other can.
#
# The lectures' pair: "The food was good, not bad at all" and "The food was bad, not good at all". As a *bag of words*,
# a count for each word of the vocabulary, they are the same thing.
#
# You need lesson 06. Time: five seconds.
# %%
from _kit import Lesson, mg, np, plt

from minigrad.datasets import reviews, word_numbers
from minigrad.datasets.reviews import BAD, GOOD, WORDS  # its adjectives, and the vocabulary; WORDS[0] is padding
from minigrad.layers.cells import Cell

L = Lesson(__file__, pictures=["trace", "bag_vs_rnn"])
# %% [markdown]
# ## The task
# Reviews from five templates: *A was good*, *was not bad*, *good, not bad at all*, *not bad but good*, *A was bad but B
# was good* (the last word counts), and each the other way round.
# %%
x, y = reviews(L.pick(1500, 3000))
x_test, y_test = reviews(1000)
for row, verdict in zip(x[:4], y[:4], strict=True):
    print(f"  {'praise   ' if verdict else 'complaint'}  {' '.join(WORDS[k] for k in row if k)}")


def bag(rows):
    """How often each word occurs: (reviews, words)."""
    return np.stack([(rows == k).sum(axis=1) for k in range(1, len(WORDS))], axis=1).astype("float32")


LECTURE = ["The food was good, not bad at all.", "The food was bad, not good at all."]
pair = np.stack([word_numbers(sentence) for sentence in LECTURE])
L.check("the lectures' two sentences have the same bag", bool((bag(pair)[0] == bag(pair)[1]).all()), "==", True)
L.check("and are not the same sentence", bool((pair[0] == pair[1]).all()), "==", False)
# %% [markdown]
# ## Three readers
# One counts, and scores the counts. One reads with a recurrent net. And one reads with a state that is only added to,
# $h_t = h_{t-1} + F(x_t)$, of which one lecture says that its expressivity is the same. Each ends in *one linear score*
# of what it has. (An `Embedding` is a vector learned for each word; with `mask_zero` number 0, the padding, is skipped.
# A cell is one step: input and state in, state out; lesson 14. `global_clipnorm`: lesson 13.)
# %%
class AddingCell(Cell):
    def step(self, x, h):
        return h + mg.tanh(x @ self.W_xh + self.b)


def fitted(model, x, x_test):
    model.compile(mg.optimizers.Adam(learning_rate=0.01, global_clipnorm=1.0), "binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=32, epochs=L.pick(6, 8), verbose=0)
    return model.evaluate(x_test, y_test)[1]


def reader(recurrent):
    return mg.Sequential([mg.layers.Embedding(len(WORDS), 8, mask_zero=True), recurrent, mg.layers.Dense(1, activation="sigmoid")])


L.predict("a linear score of a sum: 'not' and 'good' each add something, wherever they stand. What accuracy has it?", 0.5, 0.1)
counter = mg.Sequential([mg.layers.Dense(1, input_dim=len(WORDS) - 1, activation="sigmoid")])
net, adder = reader(mg.layers.RNN(16)), reader(mg.layers.RNN(AddingCell(16)))
accuracy = {"counting words": fitted(counter, bag(x), bag(x_test)), "adding": fitted(adder, x, x_test), "reading": fitted(net, x, x_test)}
for name, value in accuracy.items():
    print(f"  {name:<16}{value:7.1%}")
L.check("a linear score of the bag guesses", accuracy["counting words"], "<=", 0.6)
L.check("a state that is only added to is no better", accuracy["adding"], "<=", 0.6)
L.check("reading in order solves it", accuracy["reading"], ">=", 0.99)
# %% [markdown]
# The state that only adds is a bag of words in disguise: each word adds its own $F$, wherever it stands. No training
# will teach it the lectures' pair. Of the five templates the last three have the same words for praise and complaint,
# so that *any* reader of the bag is wrong on half of them: 0.7 in all. Of the four cases of the first two a linear
# score gets three at most, for what "not" adds to "good" it adds to "bad" too: 0.6 in all.
# %%
words = {"praise": "was good, was not bad", "complaint": "was bad, was not good"}  # the first two templates
counts = [bag(np.stack([word_numbers(sentence) for sentence in said.split(", ")])).sum(axis=0) for said in words.values()]
L.check("praise and complaint of the first two together have the same counts", bool((counts[0] == counts[1]).all()), "==", True)
scores = {"counting words": counter.predict(bag(pair)), "adding": adder.predict(pair), "reading": net.predict(pair)}
for name, (first, second) in scores.items():
    print(f"  {name:<16} good, not bad: {first[0]:.2f}    bad, not good: {second[0]:.2f}")
for name in ("counting words", "adding"):
    L.check(f"{name}: the same score for both", float(abs(scores[name][0] - scores[name][1])[0]), "<", 1e-5)
L.check("reading: praise for the first", float(scores["reading"][0, 0]), ">", 0.9)
L.check("reading: complaint for the second", float(scores["reading"][1, 0]), "<", 0.1)
figure, axes = plt.subplots()
axes.bar(list(accuracy), [100 * value for value in accuracy.values()], color=["C5", "C4", "C0"])
axes.axhline(50, color="black", linewidth=0.8)
axes.set(ylabel="verdicts that are right, %", ylim=(0, 105), title="The same words, in their order and without")
L.figure("bag_vs_rnn", figure, **{name.replace(" ", "_"): value for name, value in accuracy.items()})
# %% [markdown]
# ## Watching it change its mind
# Ask for a verdict after each word: the beginning of the sentence, followed by padding, which a masked net skips. The
# large dots are where the beginning is a review by itself. Between them nothing was ever asked of the net, and what it
# says there is no opinion.
# %%
sentences = [*LECTURE, "the soup was not bad", "the staff was rude but the pizza was great", "the bread was not stale but fresh",
             "the service was quick"]  # fmt: skip


def is_review(words):
    """Whether a beginning has the form of a whole review: it ends in "all", or in a verdict that is not followed up."""
    verdict = words[-1] in GOOD + BAD
    return words[-1] == "all" or (verdict and not (words[-2] == "not" and words[-3] in GOOD + BAD))


figure, panels = plt.subplots(3, 2, figsize=(10, 8), sharey=True)
after = {}
for sentence, panel in zip(sentences, panels.flat, strict=True):
    words = sentence.replace(",", "").replace(".", "").lower().split()
    beginnings = np.stack([word_numbers(" ".join(words[: k + 1])) for k in range(len(words))])
    after[sentence] = net.predict(beginnings)[:, 0]
    panel.plot(after[sentence], ".-", color="C5", alpha=0.4)
    whole = [k for k in range(len(words)) if is_review(words[: k + 1])]
    panel.plot(whole, after[sentence][whole], "o", color="C0", markersize=10)
    panel.axhline(0.5, color="grey", linewidth=0.8)
    panel.set(ylim=(-0.05, 1.05), ylabel="praise")
    panel.set_xticks(range(len(words)), words, rotation=30, fontsize=10)
figure.suptitle("The verdict after each word")
L.figure("trace", figure, **{f"sentence_{k}": scores for k, scores in enumerate(after.values())})
turned = after["the staff was rude but the pizza was great"]
L.check("'rude' is a complaint so far", float(turned[3]), "<", 0.5)
L.check("and 'great' at the end turns it", float(turned[-1]), ">", 0.5)
# %% [markdown]
# ## Position by position?
# One could give each word a number *and* a place, one-hot for the first word, one-hot for the second, and so on. That
# keeps the order, but what is learned at one place must be learned again at every other. A recurrent net uses the same
# weights at every place. The lectures' pair:
# %%
monday = [set(enumerate(said.split())) for said in ("on monday it was snowing", "it was snowing on monday")]
L.check("inputs, word and place, that the two have in common", len(monday[0] & monday[1]), "==", 0)
# %% [markdown]
# What this does not show: that a net reads English. It reads five templates.
#
# ## Exercises
# `python -m lessons export --student DIR` writes them in full, `python -m lessons check 09 DIR/answers_09.py` grades.
# 1. *Build.* `bag(sentence, vocabulary)`: the counts.
# 2. *Predict*, `same_bag`. Two of four sentences have the same bag: which?
# 3. *Predict*, `inputs`. Position-wise one-hot: how many inputs?
# %%
L.done()
