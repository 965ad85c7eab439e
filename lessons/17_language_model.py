# %% [markdown]
# # 17. A language model worth the name
# **The idea.** A net that reads one character after another and says how probable each next one is has learned
# something of the language. How much? Measure it in bits, and against the honest opponent: counting.
#
# The lectures show what such nets write after little and after much training, on Shakespeare, on mathematics, on code.
# You let an LSTM read the prose of Python's own language reference, which is on your machine already
# (`--text FILE` takes a text of yours), and see it go from noise to words.
#
# You need lessons 07 and 11. Time: about a minute; Ctrl-C keeps what is learned, and running again goes on from there.
# %%
import math
import sys

import matplotlib.pyplot as plt
from _kit import Lesson, mg, np
from tqdm import tqdm

from minigrad import datasets
from minigrad.decoding import sample

OPTIONS = [("--text", {"metavar": "FILE", "help": "a text of your own, instead of Python's reference"}),
           ("--encoding", {"help": "how FILE is encoded, if it is not UTF-8"}),
           ("--anew", {"action": "store_true", "help": "forget what an earlier run has learned"})]
L = Lesson(__file__, pictures=["curve", "unrolled"], options=OPTIONS)
# %% [markdown]
# ## The text, and what is held out
# A tenth of the text, in blocks from all over it, is never trained on: what is measured there is not memory of the text.
# %%
try:
    text = datasets.read_text(L.options.text, L.options.encoding) if L.options.text else datasets.english_prose()
    vocabulary = datasets.Vocabulary(text)
    training, held_out = (vocabulary.encode(part) for part in datasets.split_blocks(text))
except (OSError, ValueError) as problem:
    sys.exit(str(problem))
print(f"  {len(training):,} characters to learn from, {len(held_out):,} held out, {len(vocabulary)} different")
# %% [markdown]
# ## The opponent: counting
# An *n*-gram looks at the $n - 1$ characters before and predicts what followed them in the training text, falling back
# on shorter contexts where it has seen little (Witten and Bell 1991). The price of a text is the mean of $-\log_2 P$
# over its characters: *bits per character*. One bit fewer means that the right character was twice as probable.
# %%
bits_of_ngrams = datasets.NGrams(6, len(vocabulary)).fit(training).bits_per_character(held_out)
for n, bits in enumerate(bits_of_ngrams, 1):
    print(f"  {n}-gram: {bits:.3f} bits per character")
uniform = math.log2(len(vocabulary))
L.predict(f"bits per character of somebody who knows nothing, among {len(vocabulary)} characters?", uniform, 0.01)
# %% [markdown]
# ## The net
# An LSTM over the characters, and a readout that gives each next character a score. It is asked in chunks, and its
# state is carried from chunk to chunk: forward the past is without end, backward it is cut at the chunk's beginning.
# %%
UNITS, BATCH, STEPS = L.pick(64, 128), 32, L.pick(25, 48)
UPDATES = L.pick(250, 2600, 20_000)


class CharacterModel(mg.Model):
    def __init__(self):
        super().__init__()
        self.lstm = mg.layers.LSTM(UNITS, input_dim=len(vocabulary), return_sequences=True, return_state=True)
        self.readout = mg.layers.Dense(len(vocabulary))

    def call(self, x, state=None):
        h, *state = self.lstm(x, initial_state=state)
        return self.readout(h), state


model = CharacterModel()
optimizer = mg.optimizers.Adam(learning_rate=0.01)
inputs, targets = datasets.text_windows(training, BATCH, STEPS)


def cost(x, y, state=None):
    logits, state = model(x, state)
    return mg.cross_entropy(logits, y).mean(), [part.detach() for part in state]  # the state crosses, the gradient does not


def held_out_bits():
    x, y = datasets.text_windows(held_out, 8, (len(held_out) - 1) // 8)
    with mg.no_grad():
        return cost(x[0], y[0])[0].item() / math.log(2)


def write(length, temperature=0.7, begin="\n"):
    """What the model writes: each character drawn from its prediction and fed back."""
    with mg.no_grad():
        logits, state = model(vocabulary.encode(begin)[None])
        symbols = []
        for _ in range(length):
            symbols.append(int(sample(logits.data[0, -1], temperature)))
            logits, state = model(np.array([symbols[-1:]]), state)
    return vocabulary.decode(symbols)
