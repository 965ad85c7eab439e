# %% [markdown]
# # 00. The whole game
# **The idea.** First see it work: a net that learns to spell a word, and one that reads handwriting, in five steps.
# Every lesson after this one opens the box a little further.
#
# The first of the five lectures (README lists them) names five steps in Keras: prepare the input, define the
# architecture, choose how to learn, say what is to be learned, train and test. Its code runs here as it stands, but for
# the import.
#
# You need Python. Time: five seconds.
#
# Every lesson is a script that judges itself, by an object `L`: `L.check(what, got, relation, wanted)` prints ✓ or ✗,
# and one ✗ fails the lesson; `L.predict(question, answer)` asks you before it tells (typed and graded with `--quiz`);
# `L.figure(name, picture)` keeps a picture in `lessons/out/`; `L.pick(fast, normal)` is the number for the mode of this
# run. `mg` is minigrad, the library of this repository.
# %%
import os
import subprocess
import sys

from _kit import Lesson, mg, np, plt

from minigrad import datasets
from minigrad.layers import Activation, Dense
from minigrad.models import Sequential

L = Lesson(__file__, pictures=["model", "one_example", "digits_wrong"])
# %% [markdown]
# ## A word
# A small recurrent net reads letters and says the next one. One weight matrix, $W_{hh}$, is used at every letter, and
# each use contributes to its gradient. Try it with your name: `python -m minigrad YOURNAME`.
# %%
print(flush=True)
command = [sys.executable, "-m", "minigrad", "Anna", "--out", L.out]
done = subprocess.run(command, env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}, stdin=subprocess.DEVNULL, check=False)
L.check("it spelled the word", done.returncode, "==", 0)
# %% [markdown]
# ## Five steps
# The slide's net expects 100 numbers and tells ten classes apart. So do these generated data: ten centres, and points
# scattered around them. You need not know the words yet: Dense, relu, softmax and the loss are lesson 04. An *epoch* is
# once through all data, a *batch* what is looked at for one update of the weights.
# %%
rng = np.random.default_rng(L.seed)
centres, classes = rng.standard_normal((10, 100)), rng.integers(0, 10, 2000)
x_train, y_train = centres[classes] + rng.standard_normal((2000, 100)), np.eye(10)[classes]

model = Sequential()
model.add(Dense(units=64, input_dim=100))
model.add(Activation('relu'))
model.add(Dense(units=10))
model.add(Activation('softmax'))
model.compile(loss='categorical_crossentropy', optimizer='sgd', metrics=['accuracy'])
model.fit(x_train, y_train, epochs=5, batch_size=32)

L.predict("how many weights have Dense(64) on 100 inputs and Dense(10) on 64?", 100 * 64 + 64 + 64 * 10 + 10)
model.summary()
L.check("the weights, counted", model.count_params(), "==", 7114)
L.check("accuracy of the slide's net, on the points that it learned from", model.evaluate(x_train, y_train)[1], ">=", 0.9)
L.figure("model", mg.draw(model))
# %% [markdown]
# That is the model as you wrote it. And this is what `fit` did with one example: forward, then back. Lesson 01 is about
# it.
# %%
with mg.Trace() as trace:
    p = model(x_train[:1])
    loss = mg.losses.categorical_crossentropy(y_train[:1], p).mean()
    loss.backward()
L.figure("one_example", mg.draw(trace, title="What fit did for one example: forward, then back"))
# %% [markdown]
# ## Handwriting
# 1,797 digits of 8 × 8 pixels, a quarter of them held out. `input_dim` changes, and the labels are numbers here instead
# of one-hot rows ("sparse"); and then how long and how boldly the net learns.
# %%
images, labels = datasets.digits()
(x_train, y_train), (x_test, y_test) = datasets.split(images.reshape(-1, 64), labels)


def digit_reader():
    return Sequential([Dense(units=64, input_dim=64), Activation("relu"), Dense(units=10), Activation("softmax")])


def trained(optimizer, epochs, batch_size=32):
    model = digit_reader()
    model.compile(loss="sparse_categorical_crossentropy", optimizer=optimizer, metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=epochs, batch_size=batch_size, verbose=0)
    return model, model.evaluate(x_test, y_test)[1]


_, hasty = trained("sgd", 5)
model, accuracy = trained(mg.optimizers.SGD(learning_rate=0.05), 60, batch_size=16)
print(f"  as the slide has it (rate 0.01, batches of 32, 5 epochs): {hasty:.1%} right")
print(f"  with rate 0.05, batches of 16, 60 epochs: {accuracy:.1%}")
L.check("digits that it has never seen, read rightly", accuracy, ">=", 0.95)
L.check("the slide's rate and patience are not enough for these pixels", hasty, "<", accuracy - 0.1)
# %% [markdown]
# Nothing was wrong with the net: it was taught too timidly and too briefly.
#
# ## Where it errs
# %%
p = model.predict(x_test)
said = p.argmax(axis=1)
wrong = np.flatnonzero(said != y_test)
for k in wrong[:3]:
    print(f"\n  a {y_test[k]}, read as {said[k]} with {p[k, said[k]]:.0%}:")
    for row in x_test[k].reshape(8, 8):
        print("    " + "".join(" .:*#"[min(4, int(5 * ink))] * 2 for ink in row))
figure, panels = plt.subplots(2, 6, figsize=(9, 3.6))
for panel in panels.flat:
    panel.axis("off")
for panel, k in zip(panels.flat, wrong, strict=False):
    panel.imshow(x_test[k].reshape(8, 8), cmap="gray_r")
    panel.set_title(f"{y_test[k]} read as {said[k]}", fontsize=10)
L.figure("digits_wrong", figure, wrong=wrong, said=said[wrong])
# %% [markdown]
# ## Is it the digits that it learned?
# A control: the same net and training (shorter with `--fast`), but the labels shuffled, so that there is nothing to
# learn.
# %%
L.predict("accuracy on the test digits if the training labels are shuffled, on average over many shuffles", 0.1, 0.02)
y_train = rng.permutation(y_train)
model, shuffled = trained(mg.optimizers.SGD(learning_rate=0.05), L.pick(5, 60), batch_size=16)
said = model.predict(x_test).argmax(axis=1)
counts = np.array([np.bincount(said[y_test == digit], minlength=10) for digit in range(10)])
print("  the pictures of 0, 1, …, 9 are most often read as", *counts.argmax(axis=1), f"({counts.max(axis=1).sum() / len(said):.0%} of them)")
print(f"  so this shuffle makes {shuffled:.1%} right")
L.check("with shuffled labels it is far from reading", shuffled, "<=", 0.25)
# %% [markdown]
# One shuffle can be far from 0.1: the pictures of one digit look alike to the net, so that many of them get the same
# answer, and are right or wrong together.
#
# ## Exercises
# `python -m lessons export --student DIR` writes them in full, `python -m lessons check 00 DIR/answers_00.py` grades.
# 1. *Predict*, `weights`. The number of weights of another two-layer net.
# 2. *Predict*, `first_loss`. The loss of an untrained net on ten classes, if it thinks all equally probable.
# 3. *Build*, `deeper()`. A net with one hidden layer more, and nothing else changed.
# %%
L.done()
