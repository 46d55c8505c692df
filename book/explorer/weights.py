"""Weights of an ONNX graph, stored in fewer bytes and computed in float32."""

import numpy as np

from insidebert.errors import InputError

LEAST = 4096
"""Numbers of a matrix that is worth storing small; biases and norms stay as they are."""


def shrunk(model, storage: str):
    """A copy of a graph (`onnx.ModelProto`) whose matrices are stored small and made floats by a node.

    A matrix that is another one transposed, as a decoder that is tied to the embeddings, is stored once.

    Args:
        storage: `codes`, 8-bit integers with one scale and one zero point a matrix, for weights that were such
            integers, or half precision where they were that; `half`, half precision; `rows`, 8-bit integers with a
            scale a row.

    Raises:
        InputError: `codes` would change a weight.
    """
    import onnx
    from onnx import numpy_helper

    made, kept, nodes, known = onnx.ModelProto(), [], [], {}
    made.CopyFrom(model)
    graph = made.graph
    matrices = sorted(graph.initializer, key=lambda tensor: -len(tensor.raw_data))
    for tensor in matrices:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.ndim != 2 or values.size < LEAST:
            kept.append(tensor)
            continue
        content = hash(np.ascontiguousarray(values.T).tobytes())
        if content in known:
            nodes.append(onnx.helper.make_node("Transpose", [known[content]], [tensor.name], perm=[1, 0]))
            continue
        known[hash(values.tobytes())] = tensor.name
        arrays, kind, attributes = _STORED[storage](tensor.name, values)
        names = [f"{tensor.name}.{part}" for part in ("stored", "scale", "zero")][: len(arrays)]
        kept += [numpy_helper.from_array(array, name) for array, name in zip(arrays, names, strict=True)]
        nodes.append(onnx.helper.make_node(kind, names, [tensor.name], **attributes))
    nodes += graph.node
    for field, items in (("initializer", kept), ("node", nodes)):
        items = [type(item).FromString(item.SerializeToString()) for item in items]
        graph.ClearField(field)
        getattr(graph, field).extend(items)
    graph.ClearField("value_info")
    for node in graph.node:  # what the exporter tells of itself
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    return made


def codes_of(values: np.ndarray) -> tuple[np.ndarray, np.float32, int]:
    """8-bit codes of a matrix that was made of such: values == (codes - zero) * scale, to the last bit.

    Returns:
        uint8 codes, the scale, the zero point.

    Raises:
        InputError: there are none.

    Example:
        >>> codes, scale, zero = codes_of(np.array([[-1.5, 0.0], [0.5, 1.0]], dtype=np.float32))
        >>> (codes.tolist(), float(scale), zero)
        ([[0, 3], [4, 5]], 0.5, 3)
    """
    levels = np.unique(values)
    step = np.diff(levels).min() if len(levels) > 1 else np.float32(1)
    numbers = np.rint(levels / step)
    largest = np.abs(numbers).argmax()
    for scale in (levels[largest] / numbers[largest], *(levels[numbers != 0] / numbers[numbers != 0])):
        scale = np.float32(scale)
        whole = np.rint(values / scale).astype(np.int64)
        low, high = int(min(whole.min(), 0)), int(max(whole.max(), 0))
        if high - low < 256 and np.array_equal(whole.astype(np.float32) * scale, values):
            return (whole - low).astype(np.uint8), scale, -low
    raise InputError(f"a matrix of {values.shape} is not made of 8-bit integers with one scale")


def _codes(name: str, values: np.ndarray) -> tuple[list[np.ndarray], str, dict]:
    half = values.astype(np.float16)
    if np.array_equal(half.astype(np.float32), values):
        return [half], "Cast", {"to": 1}
    try:
        codes, scale, zero = codes_of(values)
    except InputError as error:
        raise InputError(f"{name}: {error}; store it as `half` or `rows`") from None
    return [codes, scale, np.array(zero, np.uint8)], "DequantizeLinear", {}


def _half(_: str, values: np.ndarray) -> tuple[list[np.ndarray], str, dict]:
    return [values.astype(np.float16)], "Cast", {"to": 1}


def _rows(_: str, values: np.ndarray) -> tuple[list[np.ndarray], str, dict]:
    """A scale a row or a column, whichever comes nearer to the weights."""
    made = []
    for axis in (0, 1):
        largest = np.abs(values).max(1 - axis, keepdims=True)
        scale = np.where(largest > 0, largest / 127, 1).astype(np.float32)
        codes = np.rint(values / scale).astype(np.int8)
        error = float(((codes * scale - values) ** 2).mean())
        made.append((error, axis, codes, scale.ravel()))
    _, axis, codes, scale = min(made, key=lambda own: own[0])
    return [codes, scale], "DequantizeLinear", {"axis": axis}


_STORED = {"codes": _codes, "half": _half, "rows": _rows}
