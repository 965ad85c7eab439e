"""Checks of lesson X1: graphs in the shape of the example."""

from lessons.grading import Wrong

START = '''
# 1. Predict. An expression has <size> symbols, <nots> of them "not" (one part each); the other connectives have two
#    parts. How many times is one of the connectives' layers applied? (The readout does not count.)
applications = None


# 2. Predict. In <expression>, how many shares has the gradient of the vector for "1"?
shares_of_one = None


# 3. Build. The same net without recursion. The expression comes in postfix order: parts first, then the connective,
#    so (0 and not 1) is ["0", "1", "not", "and"]. leaf(symbol) gives a leaf's vector, apply(symbol, parts) that of a
#    connective from the list of its parts, left before right. Return the vector of the whole.
def vector_of(postfix, leaf, apply):
    pass
'''
EXPRESSIONS = ("((1 and 0) or (1 xor 1))", "(not 1 and ((0 or 1) xor 0))", "((1 or 1) and (1 and not (0 xor 1)))", "(0 or not (1 and (1 or 0)))")


def numbers(rng):
    binary, nots = int(rng.integers(5, 20)), int(rng.integers(2, 8))
    return {"size": 2 * binary + 1 + nots, "nots": nots, "expression": EXPRESSIONS[rng.integers(len(EXPRESSIONS))]}


def check_applications(answer, n):
    binary = (n["size"] - 1 - n["nots"]) // 2
    if answer == n["size"]:
        raise Wrong("leaves are looked up, no layer is applied to them")
    if answer == binary:
        raise Wrong("not has a layer, too")
    return answer == binary + n["nots"]


def check_shares_of_one(answer, n):
    if answer == 1:
        raise Wrong("a symbol that stands in several places is used in several places")
    return answer == n["expression"].count("1")


def check_vector_of(answer, n):
    apply = lambda symbol, parts: f"{symbol}({','.join(parts)})"
    for postfix, right in ((["1"], "1"), (["0", "1", "not", "and"], "and(0,not(1))"),
                           (["0", "1", "or", "1", "0", "and", "not", "xor"], "xor(or(0,1),not(and(1,0)))")):  # fmt: skip
        got = answer(postfix, lambda symbol: symbol, apply)
        if got is None:
            raise Wrong("not answered yet")
        if got != right and sorted(got) == sorted(right):
            raise Wrong(f"{got} should be {right}: what was put on the stack last is the right part")
        if got != right:
            raise Wrong(f"{postfix} gave {got} and should be {right}: not takes one part from the stack, the others two")
    return True
