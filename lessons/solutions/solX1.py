"""Answers of lesson X1, and wrong ones with the hint that each must meet."""


def vector_of(postfix, leaf, apply, swapped=False, one=("not",)):
    stack = []
    for symbol in postfix:
        if symbol in ("0", "1"):
            stack.append(leaf(symbol))
            continue
        parts = [stack.pop() for _ in range(1 if symbol in one else 2)]
        stack.append(apply(symbol, parts if swapped else parts[::-1]))
    return stack[-1]


def right(n):
    return {
        "applications": (n["size"] - 1 - n["nots"]) // 2 + n["nots"],
        "shares_of_one": n["expression"].count("1"),
        "vector_of": vector_of,
    }


def wrong(n):
    return [
        ("applications", n["size"], "looked up"),
        ("applications", (n["size"] - 1 - n["nots"]) // 2, "not has a layer"),
        ("shares_of_one", 1, "several places"),
        ("vector_of", lambda *a: vector_of(*a, swapped=True), "the right part"),
        ("vector_of", lambda *a: vector_of(*a, one=("not", "and")), "takes one part"),
    ]
