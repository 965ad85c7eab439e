"""What all layers share: names, building, dtype, training, masks, weights, freezing, moving."""
from __future__ import annotations

import copy

import numpy as np
import pytest

import minigrad as mg
from minigrad.layers import Dense, Layer, Parameter, State
from minigrad.layers.layer import in_training, reset_names


class Scale(Layer):
    """y = a·x, with a memory of how often it was called."""

    supports_masking = True

    def __init__(self, factor=2.0, **options):
        super().__init__(**options)
        self.factor = factor

    def build(self, input_shape):
        self.seen_shape = input_shape
        self.add_weight("a", (input_shape[-1],), mg.initializers.Constant(self.factor))
        self.add_weight("count", (), "zeros", trainable=False)

    def call(self, x, training=False):
        if training:
            self.count.data = self.count.array + 1
        return x * self.a


def test_weights_are_made_at_first_use_and_set_as_attributes():
    layer = Scale()
    assert not layer.built and layer.parameters() == []
    y = layer(np.ones((2, 3)))
    assert layer.built and layer.seen_shape == (2, 3) and np.array_equal(y.data, 2 * np.ones((2, 3)))
    assert isinstance(layer.a, Parameter) and isinstance(layer.count, State) and layer.a.name == "a"
    assert list(layer.named_weights()) == ["a", "count"] and layer.parameters() == [layer.a]


def test_names_count_up_as_in_keras():
    reset_names()
    assert [Dense(1).name, Scale().name, Dense(1).name, Dense(1, name="mine").name, Dense(1).name] == [
        "dense", "scale", "dense_1", "mine", "dense_2"]


def test_operations_bear_the_layers_names():
    class Two(Layer):
        def __init__(self, **options):
            super().__init__(**options)
            self.inner = Scale(name="inner")

        def call(self, x):
            return self.inner(x)

    y = Two(name="outer")(np.ones((1, 2)))
    assert y.scope.path == "outer/inner"


def test_training_is_inherited_and_can_be_overruled():
    seen = []

    class Spy(Layer):
        def call(self, x, training):
            seen.append(training)
            return x

    class Around(Layer):
        def __init__(self):
            super().__init__()
            self.spy = Spy()

        def call(self, x):
            return self.spy(self.spy(x), training=False)

    around, x = Around(), np.ones(2)
    around(x)
    around(x, training=True)
    assert seen == [False, False, True, False] and not in_training()


def test_floating_inputs_take_the_layers_dtype_and_integers_stay():
    layer = Scale(dtype="float64")
    assert layer(np.ones((2, 2), np.float32)).dtype == np.float64
    assert Scale()(np.ones((2, 2))).dtype == np.float32
    kinds = []

    class Kind(Layer):
        def call(self, x):
            kinds.append(x.dtype.kind)
            return x

    Kind()([1, 2])
    Kind()(np.array([True]))
    assert kinds == ["i", "b"]
    assert Dense(2)(np.ones((2, 3), int)).dtype == np.float32


def test_gradients_go_through_the_cast():
    x = mg.Tensor(np.ones((1, 2)), requires_grad=True)
    Scale()(x).sum().backward()
    assert x.grad.dtype == np.float64 and np.array_equal(x.grad, [[2.0, 2.0]])


def test_masks_travel_with_tensors():
    x = mg.Tensor(np.ones((2, 3, 4)))
    x.mask = np.array([[1, 1, 0], [1, 0, 0]], bool)
    assert Scale()(x).mask is x.mask
    assert mg.layers.Flatten()(x).mask is None
    given = np.ones((2, 3), bool)
    assert Scale()(x, mask=given).mask is given

    class Asks(Layer):
        def call(self, x, mask=None):
            self.got = mask
            return x * 1.0

    asks = Asks()
    assert asks(x).mask is x.mask and asks.got is x.mask           # y = 1·x keeps it, as such an operation does


def test_shared_weights_count_once_and_in_order_of_assignment():
    class Net(Layer):
        def __init__(self):
            super().__init__()
            self.first = Scale()
            self.many = [Scale(), {"k": Scale()}, self.first]
            self.own = mg.Parameter(np.zeros(2))

        def call(self, x):
            return self.many[1]["k"](self.many[0](self.first(x))) + self.own

    net = Net()
    net(np.ones((1, 2)))
    assert list(net.named_weights()) == ["first/a", "first/count", "many/0/a", "many/0/count", "many/1/k/a", "many/1/k/count", "own"]
    assert net.count_params() == 2 * 3 + 3 + 2


def test_get_and_set_weights():
    layer = Dense(2, input_dim=3)
    layer(np.ones((1, 3)))
    W, b = layer.get_weights()
    W[:] = 7.0
    assert not np.any(layer.W.array == 7.0)
    layer.set_weights([W, b])
    assert np.all(layer.W.array == 7.0) and layer.W.dtype == np.float32
    with pytest.raises(ValueError, match=r"W has shape \(3, 2\), got \(2, 3\)"):
        layer.set_weights([W.T, b])
    with pytest.raises(ValueError, match="has 2 weights, got 1"):
        layer.set_weights([W])


def test_zero_grad():
    layer = Scale()
    layer(np.ones((1, 2))).sum().backward()
    assert layer.a.grad is not None
    layer.zero_grad()
    assert layer.a.grad is None


def test_frozen_layers_get_no_gradient_also_when_built_later():
    for layer in (Scale(trainable=False), Scale()):
        layer.trainable = False
        y = layer(np.ones((1, 2)))
        assert layer.parameters() == [] and y.op is None and len(layer.weights) == 2
        layer.trainable = True
        assert layer.parameters() == [layer.a]


def test_a_layer_inside_a_frozen_one_is_frozen():
    model = mg.Sequential([Dense(2, input_dim=2), mg.Sequential([Dense(2)])])
    model.trainable = False
    assert model.parameters() == [] and not model.layers[1].layers[0].trainable


def test_forgetting_super_init_is_answered():
    class Forgets(Layer):
        def __init__(self):
            self.x = 1

        def call(self, x):
            return x

    with pytest.raises(TypeError, match=r"Forgets.__init__ must call super\(\).__init__\(\)"):
        Forgets()(np.ones(2))


def test_a_layer_without_call_says_so():
    class Empty(Layer):
        pass

    with pytest.raises(NotImplementedError, match="Empty must define call"):
        Empty()(np.ones(2))


def test_repr_and_config():
    reset_names()
    layer = Dense(4, activation="relu", kernel_initializer="he_normal")
    assert repr(layer) == "Dense('dense', units=4, activation='relu', kernel_initializer=HeNormal())"
    again = Dense.from_config(layer.get_config())
    assert repr(again) == repr(layer)


def test_layers_move_to_another_device_and_back(device):
    layer = Dense(2, input_dim=3)
    x = np.ones((4, 3), np.float32)
    before = layer(x).numpy()
    layer.to_gpu()
    y = layer(mg.to_gpu(mg.Tensor(x)))
    assert type(y.array) is type(layer.W.array) is not np.ndarray
    assert np.allclose(mg.to_cpu(y).numpy(), before)
    layer.to_cpu()
    assert np.allclose(layer(x).numpy(), before)


def test_weights_are_made_where_the_input_is(device):
    layer = Scale()
    y = layer(mg.to_gpu(mg.Tensor(np.ones((1, 2), np.float32))))
    assert type(layer.a.array) is type(y.array) is not np.ndarray


def test_weights_that_are_set_replaced_appended_or_deleted_later_are_found():
    layer = Dense(2, input_dim=3)
    layer(np.ones((1, 3), np.float32))
    assert layer.weights == [layer.W, layer.b]
    layer.W = Parameter(np.ones((3, 2), np.float32))
    assert layer.weights[0] is layer.W
    layer.more = []
    assert len(layer.weights) == 2
    layer.more.append(Parameter(np.ones(1, np.float32)))
    assert layer.weights[2] is layer.more[0]
    twin = copy.copy(layer)
    twin.b = Parameter(np.ones(2, np.float32))
    assert twin.weights[1] is twin.b and layer.weights[1] is layer.b is not twin.b
    del layer.more
    assert layer.weights == [layer.W, layer.b]
