"""Answers of lesson 11, and wrong ones with the hint that each must meet."""


def chunks(rnn, x, chunk, cross):
    parts, state = [], None
    for start in range(0, x.shape[1], chunk):
        hs, state = rnn(x[:, start : start + chunk], initial_state=state)
        state = cross(state)
        parts.append(hs)
    return parts


def right(n):
    return {
        "best_accuracy": 1 - 0.5 * n["lag"] / n["chunk"],
        "in_chunks": lambda rnn, x, chunk: chunks(rnn, x, chunk, lambda state: state.detach()),
        "steps_walked": n["c"] * n["k"],
    }


def wrong(n):
    return [
        ("best_accuracy", 1 - n["lag"] / n["chunk"], "half of the guesses"),
        ("best_accuracy", 0.5, "count both"),
        ("in_chunks", lambda rnn, x, chunk: chunks(rnn, x, chunk, lambda state: (state.detach(), state)[1]), "calling it alone"),
        ("in_chunks", lambda rnn, x, chunk: chunks(rnn, x, chunk, lambda state: None), "is the state carried"),
        ("in_chunks", lambda rnn, x, chunk: [rnn(x)[0].detach()], "a list of 4 tensors"),
        ("steps_walked", n["c"], "what detach was for"),
        ("steps_walked", n["c"] * (n["k"] - 1), "the chunk itself"),
    ]
