# %% [markdown]
# # 05. Wiring: branches, sharing, several inputs
# **The idea.** A model need not be a line. Call layers on *symbols*, `Input`s that stand for data still to come, and
# what you write is a graph; call *one* layer twice, and its weights are shared, their gradients added.
#
# The lectures list what a Sequential model cannot do: several inputs and outputs, forks into branches, layers with
# shared weights. The task here needs all of them: two handwritten digits, are they the same?
#
# You need lessons 02 and 04. Time: ten seconds.
# %%
from _kit import Lesson, mg, np

from minigrad import datasets
from minigrad.layers import Dense, Input

L = Lesson(__file__, pictures=["twins", "two_calls", "two_heads"])
# %% [markdown]
# ## Pairs of digits
# Half of the pairs show the same digit twice. No picture of a test pair is in a training pair.
# %%
images, labels = datasets.digits()
(learn_images, learn_labels), (test_images, test_labels) = datasets.split(images, labels)


def pairs(images, labels, count):
    pictures, digits = datasets.digit_pairs(images, labels, count, equal=0.5)
    left, right = pictures.reshape(count, 2, 64).swapaxes(0, 1)
    return [left, right], (digits[:, 0] == digits[:, 1]).astype("float32")[:, None], digits


x, same, digits = pairs(learn_images, learn_labels, L.pick(5000, 20_000))
x_test, same_test, digits_test = pairs(test_images, test_labels, 2000)
print(f"  {len(same):,} pairs to learn from, {same.mean():.0%} of them equal; {len(same_test):,} to be tested on")
# %% [markdown]
# ## Twins
# `look` is one layer. It is called on the left picture and on the right one; what it sees is compared entry by entry,
# by the square of the difference. It learns with Adam (lesson 03), and a rate that falls along half a cosine from 0.01
# to a twentieth of that; the loss is $-\log p$ of the right answer, as in lesson 04, for two classes.
# %%
def twins(shared=True):
    left, right = Input((64,), name="left"), Input((64,), name="right")
    look = Dense(64, activation="relu", name="look")
    look_too = look if shared else Dense(64, activation="relu", name="look_too")
    difference = look(left) - look_too(right)
    return mg.Model([left, right], Dense(1, activation="sigmoid", name="same")(difference * difference))


def learned(model, batch_size=64):
    epochs = L.pick(8, 15)
    rate = mg.schedules.CosineDecay(0.01, decay_steps=epochs * len(same) // batch_size, alpha=0.05)
    model.compile(mg.optimizers.Adam(rate), "binary_crossentropy", metrics=["accuracy"])
    model.fit(x, same, batch_size=batch_size, epochs=epochs, verbose=0)
    return model.evaluate(x_test, same_test)[1]


L.predict("weights of the twins: Dense(64) on 64 inputs, used twice, and Dense(1) on 64", 64 * 64 + 64 + 64 + 1)
model, untied = twins(), twins(shared=False)
model.summary()
L.figure("twins", mg.draw(model))
L.check("weights, shared", model.count_params(), "==", 4225)
L.check("weights, a layer for each side", untied.count_params(), "==", 8385)
# %% [markdown]
# ## Its gradient is the sum of its two calls
# %%
with mg.Trace() as trace:
    judged = model([x[0][:8], x[1][:8]])
    loss = mg.losses.binary_crossentropy(same[:8], judged).mean()
    loss.backward()
look = model.get_layer("look")
parts = [part.array for part in trace.contributions(look.W)]
L.check("look.W is used by two calls", len(parts), "==", 2)
L.check("∂L/∂W is the sum of what came back from both", float(np.abs(sum(parts) - look.W.grad).max()), "<", 1e-6)
L.figure("two_calls", mg.draw(trace, title="One layer, two calls: its gradient is their sum"))

untied.get_layer("look").set_weights(look.get_weights())
untied.get_layer("look_too").set_weights(look.get_weights())
untied.get_layer("same").set_weights(model.get_layer("same").get_weights())
mg.losses.binary_crossentropy(same[:8], untied([x[0][:8], x[1][:8]])).mean().backward()
copies = untied.get_layer("look").W.grad + untied.get_layer("look_too").W.grad
L.check("and of the gradients of two copies of the same values", float(np.abs(copies - look.W.grad).max()), "<", 1e-6)
# %% [markdown]
# ## Does sharing pay?
# The two sides of a pair are of one kind: what is learned on the left is right on the right. One layer sees all
# pictures, where two see half of them each.
# %%
accuracy = {"shared": learned(model), "a layer for each side": learned(untied)}
for name, value in accuracy.items():
    print(f"  {name:<24}{value:6.1%} of the unseen pairs")
L.check("shared, unseen pairs", accuracy["shared"], ">=", L.pick(0.85, 0.94))
L.check("as good as with twice the weights, within 2 %", accuracy["shared"], ">=", accuracy["a layer for each side"] - 0.02)
# %% [markdown]
# As good, with half the weights.
#
# ## Two answers from one look
# A second output: which digit is on the left? Two losses, added; the gradient of `look` now comes from both.
# %%
left, right = Input((64,), name="left"), Input((64,), name="right")
look = Dense(64, activation="relu", name="look")
seen_left, seen_right = look(left), look(right)
difference = seen_left - seen_right
is_same = Dense(1, activation="sigmoid", name="same")(difference * difference)
which = Dense(10, activation="softmax", name="which")(seen_left)
both = mg.Model([left, right], {"same": is_same, "which": which})
both.compile(mg.optimizers.Adam(learning_rate=0.003), {"same": "binary_crossentropy", "which": "sparse_categorical_crossentropy"},
             metrics={"same": ["accuracy"], "which": ["accuracy"]})  # fmt: skip
both.fit(x, {"same": same, "which": digits[:, 0]}, batch_size=64, epochs=L.pick(4, 6), verbose=0)
found = both.evaluate(x_test, {"same": same_test, "which": digits_test[:, 0]}, return_dict=True)
print("  " + ", ".join(f"{name} {value:.3f}" for name, value in found.items()))
L.check("the left digit is read as well", found["which_accuracy"], ">=", 0.9)
L.figure("two_heads", mg.draw(both))
# %% [markdown]
# What it does not show: that sharing always pays. Here the sides mean the same.
#
# ## Exercises
# `python -m lessons export --student DIR` writes them in full, `python -m lessons check 05 DIR/answers_05.py` grades.
# 1. *Predict*, `weights`. The weights of a three-way net: three pictures, one shared layer.
# 2. *Predict*, `share`. A layer is called on two inputs, and one of them is always zero. What is that call's share of
#    ∂L/∂W?
# 3. *Build*, `reverse_gradient(x)`. A gradient reversal: forward it changes nothing, backward it turns the sign (the
#    lectures' example for a model that is no line, domain adaptation, uses it to make two sources of data look alike).
# %%
L.done()
