# %% [markdown]
# # 23. Ask the network for a picture
# **The idea.** Take the gradient with respect to the picture instead of the weights: once, and it says which pixels
# matter (*saliency*); many times, walking uphill, and it paints what the net wants to see (*activity maximisation*).
#
# One lecture gives both under one name. They are two things: near a picture $I$ the score of a class is
# $S_c(I + \delta) \approx S_c(I) + w \cdot \delta$ with $w = \partial S_c / \partial I$, a derivative at *one* input;
# and $\arg\max_I S_c(I) - \lambda \lVert I \rVert^2$ is an input of its own (Simonyan, Vedaldi and Zisserman 2014).
#
# You need lessons 01 and 04. Time: five seconds.
# %%
from _kit import Lesson, grid, mg, np

from minigrad import datasets
from minigrad.layers import Dense

mg.set_floatx("float64")
L = Lesson(__file__, pictures=["saliency", "dream_digits", "octaves"])
(images, labels), (new_images, new_labels) = datasets.split(*datasets.digits())
net = mg.Sequential([Dense(64, "tanh", input_dim=64), Dense(10)])
start = net.layers[0].W.numpy().copy()
net.compile(mg.optimizers.Adam(0.005), mg.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
net.fit(images.reshape(-1, 64), labels, batch_size=32, epochs=L.pick(10, 30), verbose=0)
L.check("the net that we ask knows its digits", net.evaluate(new_images.reshape(-1, 64), new_labels)[1], ">=", 0.94)
# %% [markdown]
# ## Once: which pixels matter?
# The picture asks for a gradient, the weights are left alone. The gradient must predict what a small change does to the
# score; and since it is the linear term, the error must shrink with the *square* of the change.
# %%
def score(picture, digit):
    return net(mg.reshape(picture, (1, 64)))[0, digit]


saliency = lambda picture, digit: mg.grad(score)(picture, digit).data
picture, digit = new_images[0], int(new_labels[0])
w = saliency(picture, digit)
delta = mg.generator().standard_normal((8, 8)) * 2e-5  # so small that of the rest only the square counts
errors = []
for size in (1.0, 0.5):
    change = score(picture + size * delta, digit).item() - score(picture, digit).item()
    predicted = float((w * size * delta).sum())
    errors.append(abs(change - predicted))
    print(f"  a change of {size * 2e-5:.5f} per pixel: the score moves by {change:+.11f}, w·δ says {predicted:+.11f}")
L.check("relative error of w·δ", errors[0] / abs(float((w * delta).sum())), "<", 1e-3)
L.predict("half the change: by what factor does the error shrink?", 4, 0.1)
L.check("by this factor", errors[0] / errors[1], "~", (4.0, 0.1))
# %% [markdown]
# ## Does it matter?
# Put the map to the test: wipe out the ten pixels whose ink supports the digit most, as it says (pixel by pixel, the
# largest $w \odot I$), and ten others that have ink as well. If the map is worth something, the first hurts more.
# %%
damage = {"the map's ten": [], "ten others with ink": []}
for image, label in zip(new_images[:100], new_labels[:100], strict=True):
    its_ten = np.argsort(-(saliency(image, int(label)) * image).ravel())[:10]
    others = np.setdiff1d(np.flatnonzero(image), its_ten)
    if len(others) < 10:  # a thin digit
        continue
    for name, chosen in zip(damage, (its_ten, mg.generator().choice(others, 10, replace=False)), strict=True):
        wiped = np.where(np.isin(np.arange(64), chosen), 0, image.ravel())
        damage[name].append(float(net(wiped[None]).data.argmax() != label))
for name, lost in damage.items():
    print(f"  wiping out {name:<20}: {np.mean(lost):.0%} of the digits are no longer recognised")
by_map, by_chance = (float(np.mean(lost)) for lost in damage.values())
L.check("how much more often the map's ten kill", by_map - by_chance, ">=", 0.3)
first = [new_images[np.flatnonzero(new_labels == digit)[0]] for digit in range(8)]
maps = [saliency(image, digit) for digit, image in enumerate(first)]
scaled = [w / np.abs(w).max() for w in maps]  # purple: more ink here helps the digit's score; orange: it hurts
grid(L, "saliency", {"ink": first, "its map": scaled}, [[f"a {d}" for d in range(8)]], cmap="PuOr", vmin=-1, vmax=1)
blank = images.reshape(-1, 64).max(axis=0) == 0
moved = np.abs(net.layers[0].W.data - start)[blank].max()
L.check("weights of pixels that never have ink: their largest change in training", moved, "<=", 1e-9)
# %% [markdown]
# Where no training picture has ink, the weights are still what the random start made them, and colours mean nothing. A
# map shows what *this net* would react to, which is not what digits are made of.
#
# ## Many times: what does it want to see?
# Begin with an empty picture and walk uphill on $S_c(I) - \lambda \lVert I \rVert^2$. That alone leaves the
# range of pixels, where its maximum is no picture; so after every step the pixels are cut to [0, 1]. And coarse
# first: the picture may be made of 2 × 2, 4 × 4 or 8 × 8 patches (*octaves*).
# %%
def ascend(digit, decay=0.3, cut=True, size=8):
    """The picture that the net likes best, made of size × size patches."""
    patches, stretch = mg.Parameter(np.zeros((size, size))), np.kron(np.eye(size), np.ones((8 // size, 1)))  # (8, size)
    optimizer = mg.optimizers.Adam(0.05)
    for _ in range(L.pick(60, 150)):
        picture = stretch @ patches @ stretch.T
        optimizer.minimize(decay * (picture * picture).sum() - score(picture, digit), [patches])
        if cut:
            patches.data = np.clip(patches.data, 0, 1)
    return stretch @ patches.numpy() @ stretch.T


ten = lambda **how: np.array([ascend(digit, **how) for digit in range(10)])
believed = lambda pictures: mg.softmax(net(pictures.reshape(10, 64))).data.diagonal()  # how surely each is its digit
means = np.array([images[labels == digit].mean(axis=0) for digit in range(10)])
dreams, wild, octaves = ten(), ten(cut=False), {size: ten(size=size) for size in (2, 4, 8)}
like = np.corrcoef(dreams.reshape(10, 64), means.reshape(10, 64))[:10, 10:]  # r of each dream with each mean
own, others = like.diagonal(), np.where(np.eye(10, dtype=bool), -1, like).max(axis=1)
both = ", ".join(f"{a:.2f} {b:.2f}" for a, b in zip(own, others, strict=True))
print(f"  r with the mean of its digit, and with the most similar other: {both}")
L.check("the least belief among the ten", believed(dreams).min(), ">", 0.99)
L.check("digits whose picture is most like the mean of their own class", int((own > others).sum()), "==", 10)
outside = float(((wild < 0) | (wild > 1)).mean())
L.check("with λ and without cutting, the share of pixels outside [0, 1]", outside, ">", 0.2)
for size, pictures in octaves.items():
    print(f"  in {size} × {size} patches the net believes {believed(pictures).mean():.3f} on average")
grid(L, "dream_digits", {"means": means, "dreams": dreams, "not cut": wild})
grid(L, "octaves", {f"{size} × {size}": pictures for size, pictures in octaves.items()})
# %% [markdown]
# ## A formula for another letter
# For painting in a style the lecture gives gradients by hand, with $F$ the activations of a layer ($N$ features at $M$
# places), $P$ those of the picture to keep, $G = F F^T$ and $A$ the style's. The losses are
# $L = \frac12 \sum (F - P)^2$ and $E = \frac{1}{4 N^2 M^2} \sum (G - A)^2$; the slide says, wherever $F > 0$ (else 0),
# $\partial L / \partial F = F - P$ and $\partial E / \partial F = \frac{1}{N^2 M^2} \left(F^T (G - A)\right)^T$.
# Ask the graph.
# %%
N, M = 4, 6
Z = mg.Tensor(mg.generator().standard_normal((N, M)), requires_grad=True)
P, A = mg.generator().standard_normal((N, M)), np.cov(mg.generator().standard_normal((N, M)))
F = mg.relu(Z)
G = F @ F.T
content, style = 0.5 * ((F - P) * (F - P)).sum(), ((G - A) * (G - A)).sum() / (4 * N**2 * M**2)
lit = F.data > 0
by_hand = {"content": (F.data - P) * lit, "style": (F.data.T @ (G.data - A)).T * lit / (N**2 * M**2)}
for name, loss in (("content", content), ("style", style)):
    dF, dZ = (d.data for d in mg.gradients(loss, [F, Z]))
    off = [float(np.abs(by_hand[name] - d).max()) for d in (dZ, dF)]
    L.check(f"{name}: the slide's formula and ∂/∂Z, before the relu", off[0], "<=", 1e-6)
    L.check(f"{name}: the slide's formula and ∂/∂F, as it is called", off[1], ">", 1e-4)
# %% [markdown]
# "Where $F > 0$, else 0" is the relu's own derivative: these are gradients with respect to what goes *into* the relu.
#
# ## Exercises
# `python -m lessons export --student DIR` writes them in full, `python -m lessons check 23 DIR/answers_23.py` grades.
# 1. *Predict*, `linear_saliency`. The saliency of a linear score.
# 2. *Predict*, `summit`. Where does the ascent on a linear score with λ end?
# 3. *Build.* `smallest_change(w, gap)`: the shortest step after which the net sees a 3 in a 7.
# %%
L.done()
