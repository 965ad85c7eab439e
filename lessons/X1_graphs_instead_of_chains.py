# %% [markdown]
# # X1. Graphs instead of chains
# **The idea.** Recurrence shares one function along a chain. Nothing says that it must be a chain: share it along a
# *tree*, and every example has a graph of its own.
#
# One of the lectures: recursive networks are the general family, "think graphs instead of chains"; backpropagation
# through time becomes backpropagation through structure. For an engine that records what you compute this is nothing
# new. You give it another computation, and it walks that one back.
#
# You need lessons 02 and 06, and for the control 14. Time: ten seconds.
# %%
import re

from _kit import Lesson, curves, mg, np
from tqdm import tqdm

from minigrad import datasets
from minigrad.engine import history

L = Lesson(__file__, pictures=["tree", "depths"])
UNITS, UPDATES, DEPTHS = 12, L.pick(300, 1500, 3000), (1, 2, 3, 4, 6, 8, 12)
# %% [markdown]
# ## Expressions with a truth
# Trees of 0, 1, not, and, or, xor. Their *depth* is how many connectives stand one inside another. Training sees trees
# of depth 3 at most; afterwards come much larger ones.
# %%
for depth in (1, 3, 5):
    expression = datasets.boolean_expression(depth)
    print(f"  depth {depth}, {expression.size:>2} symbols: {expression} = {int(expression.truth)}")
tests = {depth: [datasets.boolean_expression(depth) for _ in range(L.pick(100, 200))] for depth in DEPTHS}
sizes = {depth: np.mean([e.size for e in tests[depth]]) for depth in (3, DEPTHS[-1])}
print("  symbols on average: " + ", ".join(f"{size:.0f} at depth {depth}" for depth, size in sizes.items()))
L.check("times as many symbols at depth 12 as at depth 3", sizes[12] / sizes[3], ">", 8)
# %% [markdown]
# ## A net in the shape of the example
# A vector for 0, a vector for 1, and for each connective a layer that makes one vector out of those of its parts. The
# recursion *is* the net. (No batches: every tree has another shape.)
# %%
leaves = {symbol: mg.Parameter(mg.generator().standard_normal((1, UNITS)), name=symbol, dtype="float32") for symbol in "01"}
connectives = {symbol: mg.layers.Dense(UNITS, "tanh", name=symbol) for symbol in ("not", "and", "or", "xor")}
readout = mg.layers.Dense(2, name="truth")


def vector(expression):
    if expression.symbol in leaves:
        return leaves[expression.symbol]
    parts = [vector(part) for part in expression.parts]
    whole = connectives[expression.symbol](mg.concatenate(parts, axis=1) if len(parts) > 1 else parts[0])
    whole.name = str(expression)  # for the picture below
    return whole


optimizer, nodes = mg.optimizers.Adam(mg.schedules.CosineDecay(0.02, UPDATES)), []
for _ in tqdm(range(UPDATES), disable=None, leave=False):
    expressions = datasets.boolean_expressions(24, 3)
    scores = readout(mg.concatenate([vector(e) for e in expressions]))
    loss = mg.cross_entropy(scores, np.array([int(e.truth) for e in expressions])).mean()
    weights = [*leaves.values(), *(w for layer in (*connectives.values(), readout) for w in layer.parameters())]
    for w in weights:
        w.zero_grad()
    loss.backward()
    optimizer.step(weights)
    nodes.append(len(history(loss)))
print(f"  the graphs of {UPDATES} updates had {min(nodes)} to {max(nodes)} operations; loss at the end {loss.item():.4f}")
L.check("different sizes of graph among the updates", len(set(nodes)), ">", 50)
# %% [markdown]
# ## One tree, forward and backward
# The graph of one expression is the expression. A symbol that occurs several times is *shared*, and its gradient is a
# sum over its places (lesson 02), whatever the shape.
# %%
inner = datasets.Expression("or", (datasets.Expression("0"), datasets.Expression("1")))
example = datasets.Expression("or", (inner, datasets.Expression("not", (inner,))))
W_or = connectives["or"].W
W_or.zero_grad()
with mg.Trace() as trace:
    loss = mg.cross_entropy(readout(vector(example)), [int(example.truth)]).mean()
    loss.backward()
shares = [share.array for share in trace.contributions(W_or)]
L.check(f"uses of 'or' in {example}", len(shares), "==", 3)
L.check("their shares add to its gradient; largest difference", float(np.abs(sum(shares) - W_or.grad).max()), "<", 1e-6)
L.figure("tree", mg.draw(trace, values="none", gradients="weights", title="The graph of one expression"))
# %% [markdown]
# ## Predict, then run
# The control: a GRU of 32 units that reads the same expressions as *text*, symbol by symbol with brackets, and is
# taught as many of the same depths (twice as many in each of half the updates). *How well will each do at depth 12?*
# %%
SYMBOLS = ["(", ")", "0", "1", "not", "and", "or", "xor"]


def as_text(expressions):
    """Padded integers (N, T) and which of them count."""
    rows = [[SYMBOLS.index(word) for word in re.findall(r"\(|\)|\w+", str(e))] for e in expressions]
    mask = np.arange(max(map(len, rows))) < np.array([len(row) for row in rows])[:, None]
    x = np.zeros(mask.shape, int)
    x[mask] = np.concatenate(rows)
    return x, mask


gru, chain_readout = mg.layers.GRU(32, input_dim=len(SYMBOLS)), mg.layers.Dense(2)
optimizer = mg.optimizers.Adam(mg.schedules.CosineDecay(0.01, UPDATES // 2), global_clipnorm=1.0)
for _ in tqdm(range(UPDATES // 2), disable=None, leave=False):
    expressions = datasets.boolean_expressions(48, 3)
    x, mask = as_text(expressions)
    loss = mg.cross_entropy(chain_readout(gru(x, mask=mask)), np.array([int(e.truth) for e in expressions])).mean()
    weights = [*gru.parameters(), *chain_readout.parameters()]
    for w in weights:
        w.zero_grad()
    loss.backward()
    optimizer.step(weights)


tree, chain = {}, {}
with mg.no_grad():
    for depth, expressions in tests.items():
        truths, (x, mask) = np.array([e.truth for e in expressions]), as_text(expressions)
        tree[depth] = np.mean(readout(mg.concatenate([vector(e) for e in expressions])).argmax(-1) == truths)
        chain[depth] = np.mean(chain_readout(gru(x, mask=mask)).argmax(-1) == truths)
L.predict("at depth 12, which is nearer to guessing: 'tree' or 'chain'?", "chain")
for depth in DEPTHS:
    print(f"  depth {depth:>2}: tree {tree[depth]:.3f}, chain {chain[depth]:.3f}{'' if depth <= 3 else '   (never seen so deep)'}")
L.check("chain, depth 3, the deepest that it was trained on", chain[3], ">=", L.pick(0.5, 0.75))
L.check("tree, the depths that it was trained on", min(tree[d] for d in (1, 2, 3)), ">=", L.pick(0.9, 0.97))
L.check("tree, depth 12", tree[12], ">=", L.pick(0.75, 0.95))
L.check("chain, depth 12", chain[12], "<=", 0.75)
curves(L, "depths", {"tree": list(tree.values()), "chain": list(chain.values())}, x=DEPTHS, marker="o",
       xlabel="depth of the expression (trained on 1 to 3)", ylabel="accuracy", title="The shape of the graph is knowledge, too")  # fmt: skip
# %% [markdown]
# What it does not show: that trees are better. The tree was *given* the brackets' meaning; the chain had to find it,
# and with as many examples it is not through with depth 3 (above), so that at depth 12 it is asked for what it has half
# learned. Where somebody hands you the structure, use it; mostly nobody does.
#
# ## Exercises
# `python -m lessons export --student DIR` writes them in full, `python -m lessons check X1 DIR/answers_X1.py` grades.
# 1. *Predict*, `applications`. How many applications of a layer has an expression's graph?
# 2. *Predict*, `shares_of_one`. How many shares has the gradient of a leaf?
# 3. *Build*, `vector_of(postfix, leaf, apply)`. A recursive net without recursion: with a stack.
# %%
L.done()
