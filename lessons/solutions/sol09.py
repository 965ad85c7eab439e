"""Answers of lesson 09, and wrong ones with the hint that each must meet."""


def bag(sentence, vocabulary):
    words = sentence.lower().replace(",", "").replace(".", "").split()
    return [words.count(word) for word in vocabulary]


def right(n):
    return {"bag": bag, "same_bag": "ac", "inputs": n["V"] * n["T"]}


def wrong(n):
    return [
        ("bag", lambda sentence, vocabulary: [int(word in sentence.lower()) for word in vocabulary], "how often"),
        ("bag", lambda sentence, vocabulary: [sentence.split().count(word) for word in vocabulary], "missed"),
        ("same_bag", "ab", "a word more"),
        ("inputs", n["V"], "one place"),
    ]
