"""Batches: cutting, shuffling, nests, refusals."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad.training.batches import Batches, Stream, as_arrays, as_batches, class_weighted, split_off

x, y = np.arange(10.0)[:, None], np.arange(10)


def test_sizes_and_order():
    batches = Batches(x, y, batch_size=4)
    assert len(batches) == 3 and [len(b.y) for b in batches] == [4, 4, 2]
    assert np.concatenate([b.x.data for b in batches]).tolist() == x.tolist()
    assert isinstance(next(iter(batches)).x, mg.Tensor)


def test_shuffling_keeps_pairs_and_changes_at_every_pass():
    batches = Batches(x, y, batch_size=10, shuffle=True)
    first, second = next(iter(batches)), next(iter(batches))
    assert first.y.tolist() != second.y.tolist() and sorted(first.y) == list(range(10))
    assert np.array_equal(first.x.data[:, 0], first.y)


def test_nests():
    batch = next(iter(Batches({"a": x, "b": [y, x]}, None, batch_size=2)))
    assert set(batch.x) == {"a", "b"} and batch.x["b"][0].shape == (2,) and batch.y is None


def test_batches_are_copies():
    batch = next(iter(Batches(x, y, batch_size=10)))
    assert not np.shares_memory(batch.x.array, x)


def test_lengths_must_agree():
    with pytest.raises(ValueError, match=r"same number of examples, got x: \[10\], y: \[9\]"):
        Batches(x, y[:9])
    with pytest.raises(ValueError, match="batch_size"):
        Batches(x, y, batch_size=0)


def test_streams():
    pairs = [(x[:2], y[:2]), (x[2:4], y[2:4])]
    assert len(Stream(pairs)) == 2 and len(list(Stream(pairs))) == len(list(Stream(pairs))) == 2
    stream = Stream(pairs, steps=3)
    assert [b.y[0] for b in stream] == [0, 2, 0] and [b.y[0] for b in stream] == [2, 0, 2]
    assert next(iter(Stream([x]))).y is None
    with pytest.raises(TypeError, match="say steps_per_epoch"):
        len(Stream(iter(pairs)))


def test_what_is_data_and_what_is_batches():
    assert isinstance(as_batches(x, y), Batches) and isinstance(as_batches([x, x], y), Batches)
    assert isinstance(as_batches([(x, y)]), Stream) and isinstance(as_batches([[1.0, 2.0], [3.0, 4.0]], [0, 1]), Batches)
    with pytest.raises(ValueError, match="leave y out"):
        as_batches(iter([(x, y)]), y)
    with pytest.raises(TypeError, match="must be arrays, or an iterable"):
        as_batches(3)


def test_lists_of_numbers_are_one_array():
    assert as_arrays([[1, 2], [3, 4]]).shape == (2, 2) and isinstance(as_arrays([x, x]), list) and as_arrays(None) is None


def test_class_weights_read_one_hot_targets():
    assert class_weighted(np.eye(3)[[0, 2]], None, {2: 5.0}).tolist() == [1.0, 5.0]
    assert class_weighted(np.array([0, 2]), np.array([2.0, 2.0]), {2: 5.0}).tolist() == [2.0, 10.0]
    assert class_weighted(y, None, None) is None


def test_split_takes_the_last():
    (train_x, _, _), (test_x, test_y, w) = split_off(0.2, x, y, None)
    assert len(train_x) == 8 and test_y.tolist() == [8, 9] and w is None and test_x[0, 0] == 8
    with pytest.raises(ValueError, match="leaves one side empty"):
        split_off(0.95, x, y, None)


def test_class_weights_refuse_rows_that_are_no_class():
    for targets in (np.array([[0, 3, 1], [2, 2, 2]]), np.array([[1, 1, 0]])):
        with pytest.raises(ValueError, match="not one-hot: give class numbers an axis of size 1"):
            class_weighted(targets, None, {2: 5.0})
    assert class_weighted(np.array([[[0], [2]]]), None, {2: 5.0}).tolist() == [[1.0, 5.0]]
