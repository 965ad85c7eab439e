# %% [markdown]
# # 21. Choosing the next symbol
# **The idea.** A net gives probabilities; somebody must choose. The most probable sequence is not the sequence of most
# probable symbols, and it is not always the right one either.
#
# The lectures sample one character at a time, feed it back, and show *beam search*: keep the few best beginnings, go on
# with all, keep the few best. They look for $\arg\max_y \sum_t \log p(y_t \mid y_1 \ldots y_{t-1})$.
#
# You need lessons 17 and 20. Time: ten seconds.
# %%
import itertools

from _kit import DateTranslator, Lesson, curves, dates_in_numbers, mg, np, search_tree

from minigrad import datasets
from minigrad.decoding import beam_search, generate, greedy, sample

L = Lesson(__file__, pictures=["beam", "beam_table"])
# %% [markdown]
# ## A tree small enough to see whole
# Three symbols, three steps, and the probabilities of the next symbol depend on the last one. There are 27 sequences.
# %%
NEXT = np.array([[0.40, 0.30, 0.30], [0.05, 0.90, 0.05], [0.34, 0.33, 0.33], [0.50, 0.30, 0.20]])  # after a, b, c; at first
BEGIN = 3
for last, row in zip(("a", "b", "c", "nothing"), NEXT, strict=True):
    print(f"  after {last:<7}: a {row[0]:.2f}, b {row[1]:.2f}, c {row[2]:.2f}")


def table(symbols, state):
    return np.log(NEXT[symbols]), state


chance = lambda text: float(np.prod([NEXT[last, now] for last, now in zip([BEGIN, *text], text, strict=False)]))
every = {text: chance(text) for text in itertools.product(range(3), repeat=3)}
best = max(every, key=every.get)
L.predict("which letter does the most probable of all 27 sequences begin with?", "abc"[best[0]])
said = tuple(int(s[0]) for s in generate(table, np.array([BEGIN]), 3, choose=greedy))
found = {width: [tuple(row) for row in beam_search(table, BEGIN, 3, width=width)[0].tolist()] for width in (1, 2, 27)}
name = lambda text: "".join("abc"[s] for s in text)
print(f"  greedy says {name(said)}, p = {every[said]:.3f}; the best of all is {name(best)}, p = {every[best]:.3f}")
L.check("width 1 is greedy", found[1][0], "==", said)
L.check("greedy misses the best by the factor", every[best] / every[said], ">", 2)
L.check("width 2 finds it", found[2][0], "==", best)
L.check("width 27 is exhaustive: so many different sequences", len(set(found[27])), "==", 27)
L.check("the most probable first", [chance(text) for text in found[27]] == sorted(every.values(), reverse=True), "==", True)
# %% [markdown]
# Two beginnings are kept at each step (blue), the others dropped (grey). Greedy could not know what follows *b*.
# %%
kept = {(), *(tuple(row) for t in (1, 2, 3) for row in beam_search(table, BEGIN, t, width=2)[0].tolist())}
search_tree(L, "beam", kept, lambda text: f"{name(text)} {chance(text):.3f}", symbols=3, title="Beam search of width 2")
# %% [markdown]
# ## More probable, more correct?
# A translator like lesson 20's (in `_kit.py`), with attention and without, stopped half way: a perfect net would leave
# nothing to choose. *What do you expect of wider beams: for the probability of what is found, for the dates right?*
# %%
TRAIN = L.pick(4000, 9600)
_, _, source, target, x, y = dates_in_numbers(TRAIN + 300)


def search(model, width):
    """The best answer that beams of this width find for each unseen date, and its log p."""

    def step(said, state):
        scores, state = model.write(said[:, None], state)
        return scores[:, 0], state

    with mg.no_grad():
        symbols, log_p = beam_search(step, np.zeros(300, int), 10, model.read(x[TRAIN:]), width=width)
    return symbols[:, 0], log_p[:, 0]


WIDTHS, outcomes, rows = (1, 2, 4, 8), [], {}
NETS = {"with attention": 60} | ({} if L.mode == "fast" else {"without": 400})
for name, updates in NETS.items():
    model = DateTranslator(len(source), len(target), attention=name == "with attention")
    model.compile(mg.optimizers.Adam(0.01, global_clipnorm=1.0), mg.losses.SparseCategoricalCrossentropy(from_logits=True))
    chosen = mg.generator().integers(0, TRAIN, 64 * updates)
    model.fit([x[chosen], y[chosen, :-1]], y[chosen, 1:], batch_size=64, verbose=0)
    found = [search(model, width) for width in WIDTHS]
    right = np.array([(symbols == y[TRAIN:, 1:]).all(axis=1) for symbols, _ in found])
    means = [float(log_p.mean()) for _, log_p in found]
    other = (found[0][0] != found[-1][0]).any(axis=1)  # where width 8 found something more probable than greedy did
    outcomes += list(zip(right[0][other], right[-1][other], strict=True))
    rows[name] = right.mean(axis=1)
    for width, mean, share in zip(WIDTHS, means, right.mean(axis=1), strict=True):
        print(f"  {name:<15} width {width}: mean log p {mean:7.3f}, exactly right {share:6.1%}")
    L.check(f"{name}: mean log p never falls as the beam widens", bool(np.all(np.diff(means) >= -1e-6)), "==", True)
    L.check(f"{name}: and rises from greedy to width 8 by", means[-1] - means[0], ">", 0.001)
greedy_right, beam_right = np.array(outcomes).T
print(f"  width 8 said something more probable {len(outcomes)} times: {np.sum(~greedy_right & beam_right)} times it put a date right, "
      f"{np.sum(greedy_right & ~beam_right)} times it spoiled one")
L.check("of these more probable answers, so many are wrong all the same", int(np.sum(~beam_right)), ">=", 5)
curves(L, "beam_table", rows, x=WIDTHS, marker="o", xlabel="width of the beam", ylabel="share of dates exactly right")
# %% [markdown]
# The beam does what it is asked: it finds what the *net* thinks more probable. Above you see how often that put a date
# right, spoiled one or left it wrong: whether the more probable is right is a question about the net.
#
# ## A text that is too probable
# For writing, the most probable may be the worst (Holtzman et al. 2020). The language model here counts: 5-grams of
# Python's reference (lesson 17). *T* is the temperature; 0 stands for greedy.
# %%
prose = datasets.english_prose()[: L.pick(80_000, 300_000)]
vocabulary = datasets.Vocabulary(prose)
model, LENGTH = datasets.NGrams(5, len(vocabulary)).fit(vocabulary.encode(prose)), 120


def after(symbols, histories):
    """log p of the next character, for each row's last characters."""
    histories = np.column_stack([histories, symbols])[:, -4:]
    return np.log([model.next_probabilities(row) for row in histories]), histories


bits = lambda indices: float(model.bits_per_character(indices)[-1])
first, history = vocabulary.encode(" ")[0], vocabulary.encode(" The")[None]
written = {"beam 4": beam_search(after, first, LENGTH, history, width=4)[0][0]}
for T in (0, 0.5, 1.0, 1.5):
    choose = lambda scores, T=T: greedy(scores) if T == 0 else sample(scores, T)
    written[f"T = {T}"] = np.ravel(generate(after, np.array([first]), LENGTH, history, choose=choose))
written["Python's own"] = vocabulary.encode(prose[:LENGTH])
# of its own runs of six characters, how many are different
different = lambda indices: len({tuple(indices[k : k + 6]) for k in range(len(indices) - 5)}) / (len(indices) - 5)
for how, indices in written.items():
    print(f"  {how:<13}{bits(indices):5.2f} bits, {different(indices):4.0%} different: {vocabulary.decode(indices[:64]).replace(chr(10), ' ')!r}")
L.check("the beam's text is cheaper than greedy's", bits(written["beam 4"]), "<=", bits(written["T = 0"]))
L.check("of greedy's runs of six characters, so many are different", different(written["T = 0"]), "<=", 0.6)
L.check("of those at temperature 1, as in real text, nearly all", different(written["T = 1.0"]), ">=", 0.8)
surprise = bits(written["T = 1.0"]) - bits(written["Python's own"])
L.check("temperature 1 against the text that was counted, bits", surprise, "~", (0, 0.7))
# %% [markdown]
# Greedy is here a fixed rule, from the last four characters to the next one: once four come again, all comes again. It
# runs in circles, and is not even the cheapest. Real text is not made of the most expected characters; at temperature 1
# the model is about as surprised by what it says as by the text that it was counted on.
#
# ## Exercises
# `python -m lessons export --student DIR` writes them in full, `python -m lessons check 21 DIR/answers_21.py` grades.
# 1. *Predict*, `most_probable`. What greedy finds in another tree, and what is best.
# 2. *Build.* `normalised(log_p, length, power)`: the score by which answers of different lengths compete.
# 3. *Build.* `widen(beams, next_log_p, width)`: one step of beam search.
# %%
L.done()
