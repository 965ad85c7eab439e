"""Checks of lesson 18: the luck of the best, correlation by hand, and an honest report."""

import numpy as np

from lessons.grading import Wrong

START = '''
# 1. Predict. 128 cells hold pure noise. How large is the best |r| among them, on average, with a label of <places>
#    independent places? (Within 20 %; simulate it if you like.)
luck = None


# 2. Build. a is (places, cells), y (places,). Return Pearson's r of every cell with y, (cells,), in NumPy.
def correlation(a, y):
    pass


# 3. Build. Choose the cell with the largest |r| on the first half of the places, and return
#    (cell, r of that cell on the second half).
def honest(a, y):
    pass
'''


def numbers(rng):
    return {"places": int(rng.integers(5, 20)) * 20}


def best_of_noise(places, cells=128):
    rng = np.random.default_rng(1)
    best = [np.abs(pearson(rng.standard_normal((places, cells)), rng.standard_normal(places))).max() for _ in range(200)]
    return float(np.mean(best))


def pearson(a, y):
    a, y = a - a.mean(axis=0), y - y.mean()
    return a.T @ y / np.sqrt((a * a).sum(axis=0) * (y * y).sum())


def check_luck(answer, n):
    if answer == 0:
        raise Wrong("that is the mean over all cells, with their signs; here somebody picks the best")
    if np.isclose(answer, 1 / np.sqrt(n["places"]), rtol=0.15):
        raise Wrong("that is how large r typically is for one cell; the best of 128 is luckier")
    return np.isclose(answer, best_of_noise(n["places"]), rtol=0.2)


def check_correlation(answer, n):
    rng = np.random.default_rng(0)
    a, y = 3 * rng.standard_normal((50, 6)) + 2, rng.standard_normal(50) - 1
    got = answer(a, y)
    if got is None:
        raise Wrong("not answered yet")
    if np.shape(got) != (6,):
        raise Wrong(f"one number for each cell, (6,); you returned {np.shape(got)}")
    if np.allclose(got, a.T @ y / np.sqrt((a * a).sum(axis=0) * (y * y).sum())):
        raise Wrong("take the means away first: this is the cosine, and a cell that is always on would seem to know much")
    if np.allclose(np.abs(got), np.abs(pearson(a, y))) and (np.asarray(got) >= 0).all():
        raise Wrong("keep the sign: a cell that falls where the label rises knows it too, but it is another cell")
    return np.allclose(got, pearson(a, y))


def check_honest(answer, n):
    rng = np.random.default_rng(2)
    y = rng.standard_normal(80)
    a = rng.standard_normal((80, 20))
    a[:, 7] += 2 * y  # a cell that follows y
    a[:40, 3] = y[:40] + 0.01 * a[:40, 3]  # one that does on the first half only
    a[40:, 5] = y[40:]  # and one on the second half only
    got = answer(a, y)
    if got is None:
        raise Wrong("not answered yet")
    cell, r = int(got[0]), float(got[1])
    if cell == 5:
        raise Wrong("the cell was chosen on the half that should judge it")
    if cell == 7:
        raise Wrong("the cell was chosen on all places; the second half must have no say in the choice")
    if cell == 3 and np.isclose(abs(r), abs(pearson(a[:40], y[:40])[3])):
        raise Wrong("right cell, but this is its r where it was chosen; tell the other half's")
    return cell == 3 and np.isclose(r, pearson(a[40:], y[40:])[3])
