"""Keras layers whose parameters are declared: they can be set, follow a sample rate, be learnt."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Hashable, Iterator, Mapping
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from workbench.axes import Space
from workbench.errors import ParameterError, ParameterTypeError, naming
from workbench.params import Declared
from workbench.specification import Declaration
from workbench.tensors import is_tensor


class DeclaredLayer(keras.layers.Layer):
    """What a layer with declared parameters has, beside its computation.

    A parameter that follows the signal's sample rate may be left out in a `Chain`, which knows it.

    Args:
        *options: What the Keras layer takes by position.
        learn: Names of differentiable parameters that become trainable weights.
        **values: The declared parameters, and what the Keras layer takes by name.

    Raises:
        ParameterError, ParameterTypeError: A declared parameter is illegal.
    """

    spec: ClassVar[Declaration]
    pure: ClassVar[bool] = False  # whether results depend on the inputs and parameters alone

    def __init__(self, *options: Any, learn: tuple[str, ...] = (), **values: Any):
        followed = values.pop("followed", ())
        with naming(self.spec.name):
            given = {n: _plain(n, values.pop(n)) for n in self.spec.parameters if n in values}
        super().__init__(*options, **values)
        self.supports_masking = True
        self.learn = (learn,) if isinstance(learn, str) else tuple(learn)
        self._given = {name: value for name, value in given.items() if name not in followed}
        self._followed = {name: value for name, value in given.items() if name in followed}
        self._weights_of: dict[str, keras.Variable] = {}
        self._check_learn()
        self._checked = self._check()

    def _check(self) -> dict[str, Any] | None:
        """The checked parameters, or None while a rate that a chain will set is missing."""
        values = self._followed | self._given
        needed = [name for name in self.following if self.declared[name].required]
        missing = [name for name in needed if name not in values]
        rest = {name: 1 for name in missing}
        checked = self.spec.check(values | rest)
        return None if missing else checked

    def _check_learn(self) -> None:
        for name in self.learn:
            declared = self.spec.parameters.get(name)
            if declared is None or not declared.param.differentiable:
                able = [n for n, d in self.spec.parameters.items() if d.param.differentiable]
                error = ParameterError("learn", f"name some of {able}", repr(name))
                raise error.named(type(self).__name__)
            value = self._given.get(name, declared.default)
            if value is None and declared.param.automatic is None:
                raise ParameterError(name, "be given to be learnt", None).named(type(self).__name__)

    @property
    def following(self) -> tuple[str, ...]:
        """Names of the parameters that follow the signal's sample rate."""
        return tuple(n for n, d in self.spec.parameters.items() if d.param.follows == "rate")

    @property
    def values(self) -> dict[str, Any]:
        """The parameters by name, checked, as plain Python values.

        Raises:
            ParameterTypeError: A sample rate is missing, outside a chain.
        """
        checked = self._checked or self.spec.check(self._followed | self._given)
        learnt = {n: float(tf.convert_to_tensor(w)) for n, w in self._weights_of.items()}
        return checked | learnt

    @property
    def given(self) -> dict[str, Any]:
        """The parameters that were given, without defaults and what follows a sample rate."""
        return dict(self._given)

    @property
    def _at_hand(self) -> dict[str, Any]:
        """The parameters without a look at the weights, which a graph has no values of."""
        return self._checked or self.values

    @property
    def _known(self) -> Mapping[str, Any]:
        """The parameters as numbers; in a graph, whatever has been learnt."""
        return self.values if tf.executing_eagerly() else self._at_hand

    @property
    def held(self) -> Hashable:
        """What a trace of a call holds fast beside the parameters."""
        return None

    @property
    def declared(self) -> Mapping[str, Declared]:
        """The declarations of the parameters, by name."""
        return self.spec.parameters

    def set(self, **values: Any) -> None:
        """Changes parameters; the next call uses them. A wrong value changes nothing.

        A `Chain` sees to it that its compiled functions follow; what else has traced a call of
        this layer (`predict` of a `keras.Sequential`) keeps what it was until it is compiled again.

        Raises:
            ParameterError, ParameterTypeError: A value is illegal, or together they are.
        """
        with self.restoring():
            with naming(self.spec.name):
                self._given |= {name: _plain(name, value) for name, value in values.items()}
            self._checked = self._check()
            for name, weight in self._weights_of.items():
                if name in values:
                    weight.assign(values[name])
            self._changed()

    def fix(self) -> None:
        """Makes plain numbers of learnt parameters: nothing is learnt from now on."""
        values = {name: self.values[name] for name in self._weights_of}
        self._weights_of.clear()
        self.learn = ()
        self.set(**values)

    def _changed(self) -> None:
        """What a layer does when its parameters have changed."""

    @contextlib.contextmanager
    def restoring(self) -> Iterator[None]:
        """Puts all parameters back to where they were if the block raises."""
        given, followed, checked = dict(self._given), dict(self._followed), self._checked
        learnt = {name: tf.identity(weight) for name, weight in self._weights_of.items()}
        try:
            yield
        except BaseException:  # also an interrupt
            self._given, self._followed, self._checked = given, followed, checked
            for name, value in learnt.items():
                self._weights_of[name].assign(value)
            raise

    def follow(self, space: Space) -> None:
        """Takes the sample rate of what comes in, where it was not given and where it is known.

        A rate that is learnt begins anew at it.

        Raises:
            ParameterError: A rate was given, and it is another one.
        """
        if space.time.unit != "s":  # behind a layer that is not ours
            return
        for name in self.following:
            rate = space.time.rate
            given = self._given.get(name, rate)
            if given != rate:
                rule = f"be the rate of the signal that reaches this layer, {rate:g} Hz"
                error = ParameterError(name, rule, given, "Leave it out in a chain.")
                raise error.named(type(self).__name__)
            whole = int(rate) if rate == int(rate) else rate
            if name not in self._given and self._followed.get(name) != whole:
                with self.restoring():
                    self._followed[name] = whole
                    self._checked = self._check()
                    if name in self._weights_of:
                        self._weights_of[name].assign(whole)
                    self._changed()

    def space(self, given: Space) -> Space:
        """What comes out, given what goes in; in a graph, whatever has been learnt."""
        raise NotImplementedError

    def apply(
        self, inputs: Any, tensors: Mapping[str, Any], lengths: tf.Tensor | None = None
    ) -> tf.Tensor:
        """What the layer makes of inputs with `tensors` in place of parameters of their names."""
        raise NotImplementedError

    def mask_after(self, inputs: Any, mask: Any, tensors: Mapping[str, Any]) -> Any:
        """The Keras mask of what `apply` makes of inputs with a mask, or None."""
        return self.compute_mask(inputs, mask)

    def code(self) -> str:
        """The Python that makes this layer: what differs from the defaults."""
        said = {
            name: value
            for name, value in self.values.items()
            if name not in self._followed and value != self.declared[name].default
        }
        policy = self.dtype_policy.name
        said |= {"dtype": policy} if policy != keras.config.dtype_policy().name else {}
        said |= self._said()
        said |= {"learn": self.learn} if self.learn else {}
        arguments = [*map(repr, self._by_position()), *(f"{n}={v!r}" for n, v in said.items())]
        return f"wb.layers.{type(self).__name__}({', '.join(arguments)})"

    def _by_position(self) -> tuple[Any, ...]:
        """What `code` says first, without a name."""
        return ()

    def _said(self) -> dict[str, Any]:
        """What else `code` says: arguments that aren't declared parameters."""
        return {}

    def _make_learnt(self) -> None:
        """Makes the weights of learnt parameters."""
        values = self.values
        for name in self.learn:
            param, start = self.declared[name].param, values[name]
            if start is None and param.automatic is not None:
                start = param.automatic(values)
            self._weights_of[name] = self.add_weight(
                shape=(),
                initializer=keras.initializers.Constant(start),
                constraint=_Legal(self, name),
                autocast=False,
                name=name,
            )

    def limits(self, name: str) -> tuple[float | None, float | None]:
        """The least and the most that a learnt parameter may be now."""
        param = self.declared[name].param
        return param.low, param.most(self._at_hand) if param.most else param.high

    def get_config(self) -> dict[str, Any]:
        """All parameters, so that a saved layer does not depend on a default."""
        own = {"learn": list(self.learn), "followed": list(self._followed)}
        return super().get_config() | self.values | own


class SignatureOf:
    """The real arguments of a layer's class, for completion and help; a layer has those of a call.

    `first` stands before the declared parameters, `last` (names and defaults) behind them.
    """

    def __init__(self, first: list[inspect.Parameter], spec: Declaration, last: dict[str, Any]):
        keyword = inspect.Parameter.KEYWORD_ONLY
        named = [
            inspect.Parameter(name, keyword, default=default, annotation=type(default))
            for name, default in (last | {"learn": ()}).items()
        ]
        options = inspect.Parameter("options", inspect.Parameter.VAR_KEYWORD)
        self.signature = inspect.Signature([*first, *spec.keywords(), *named, options])

    def __get__(self, layer: Any, kind: type) -> inspect.Signature:
        if layer is not None:
            raise AttributeError("__signature__")
        return self.signature


def _plain(name: str, value: Any) -> Any:
    """A number that came as a tensor or array, as Python's own."""
    if not is_tensor(value):
        return value
    array = np.asarray(value)
    if array.ndim:
        raise ParameterTypeError(name, "be one number", f"an array of shape {array.shape}")
    return array.item()


class _Legal(keras.constraints.Constraint):
    """Keeps a learnt parameter in the legal range that it has now."""

    def __init__(self, layer: DeclaredLayer, name: str):
        self.layer = layer
        self.name = name

    def __call__(self, weight: Any) -> Any:
        low, high = self.layer.limits(self.name)
        kind = np.dtype(keras.backend.standardize_dtype(weight.dtype)).type
        if low is not None:
            tiny = np.finfo(np.float32).tiny if self.layer.declared[self.name].param.open_low else 0
            weight = keras.ops.maximum(weight, _rounded(kind(low + tiny), low, np.inf))
        if high is not None:
            weight = keras.ops.minimum(weight, _rounded(kind(high), high, -np.inf))
        return weight


def _rounded(number: Any, limit: float, inward: float) -> Any:
    """A limit as a number of the weight's type, which may have lost digits but not its side."""
    beyond = (float(number) - limit) * inward < 0
    return np.nextafter(number, type(number)(inward)) if beyond else number
