"""The models that the page offers, loaded when a visitor first asks for them."""

from collections.abc import Sequence
from functools import lru_cache
from threading import Lock

from convcut_mm import zoo
from convcut_mm.apis import ExpressionInferencer
from convcut_mm.errors import ConvcutError


class Models:
    """Load each model once for all visitors.

    Args:
        own (Sequence[Sequence[str]]): Name, config and checkpoint of models besides those of the
            zoo that come with weights. Defaults to ().
        options: Keyword arguments of the inferencers.

    Attributes:
        names (list[str]): Names to choose from.

    Raises:
        ConvcutError: No model has weights.
    """

    def __init__(self, own: Sequence[Sequence[str]] = (), **options) -> None:
        self._sources: dict[str, tuple[str, str | bool]] = {
            name: (name, True) for name in zoo.models(with_weights=True)
        }
        self._sources.update({name: (config, file) for name, config, file in own})
        if not self._sources:
            raise ConvcutError(
                'no model comes with weights; give one by --model NAME CONFIG CHECKPOINT'
            )
        self.names = list(self._sources)
        self._options = options
        self._cached = lru_cache(maxsize=None)(self._load)
        self._lock = Lock()

    def load(self, name: str) -> ExpressionInferencer:
        """Return a model; the first call for a name loads it."""
        with self._lock:
            return self._cached(name)

    def _load(self, name: str) -> ExpressionInferencer:
        model, pretrained = self._sources[name]
        return ExpressionInferencer(model, pretrained, **self._options)
