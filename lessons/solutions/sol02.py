"""Answers of lesson 02, and wrong ones with the hint that each must meet."""


def unbroadcast(grad, shape):
    extra = grad.ndim - len(shape)
    stretched = tuple(axis + extra for axis, size in enumerate(shape) if size == 1)
    return grad.sum(axis=(*range(extra), *stretched), keepdims=True).reshape(shape)


def right(n):
    return {"mean_bias_gradient": 1 / 3, "unbroadcast": unbroadcast, "adam_factor": 1}


def wrong(n):
    return [
        ("mean_bias_gradient", n["n"], "the sum's"),
        ("mean_bias_gradient", 1 / (3 * n["n"]), "one row's share"),
        ("unbroadcast", lambda grad, shape: grad, "you returned shape"),
        ("unbroadcast", lambda grad, shape: unbroadcast(grad, shape) / 4, "wrong numbers"),
        ("adam_factor", 10, "plain gradient descent"),
    ]
