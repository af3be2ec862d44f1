"""The few instructions that Numba has no name for, written as LLVM instructions.

``dot_rows``: products of unsigned weights and signed activations, four at a time, summed in 32-bit
integers (``vpdpbusd`` of AVX-512 VNNI; the same sums by other instructions elsewhere). Integer
sums do not depend on their order, so neither do the texts.

Atomics and ``pause`` serve the team of threads. Addresses are plain 64-bit integers.
"""

# LLVM's builder and values are one kind of object each, and what an intrinsic is declared with is
# only read by its generator.
# ruff: noqa: ANN401, ARG001

import ctypes
import sys
from collections.abc import Callable
from typing import Any, Protocol

import llvmlite.binding
import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core import config as _config
from numba.core.types import ExternalFunction
from numba.extending import intrinsic as _numba_intrinsic

carray: Any = numba.carray  # type: ignore[attr-defined]


def intrinsic(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make an intrinsic; what it takes in compiled code is not what its Python function takes."""
    made: Callable[..., Any] = _numba_intrinsic(function)
    return made


BYTE, INT16, INT32, INT64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))
FLOAT = ir.FloatType()
COLUMNS = 16  # output columns of a panel: 32-bit lanes of a 512-bit register
DEPTH = 4  # input rows that one instruction sums
PANEL_STEP = COLUMNS * DEPTH  # bytes of a panel for each 4 input rows


def _vector(element: ir.Type, lanes: int) -> ir.VectorType:
    return ir.VectorType(element, lanes)


def _has_feature(name: str) -> bool:
    config: Any = _config
    if config.CPU_FEATURES is not None:
        return f"+{name}" in config.CPU_FEATURES.split(",")
    if config.CPU_NAME is not None:
        return False
    return bool(llvmlite.binding.get_host_cpu_features().get(name, False))


# Which instruction sums the products; part of a model's revision only through its results, which
# are the same.
ARITHMETIC = (
    "vnni" if _has_feature("avx512vnni") else "avx2" if _has_feature("avx2") else "portable"
)
# Rows whose sums fit into the registers at once.
GREATEST_ROWS = 16 if ARITHMETIC == "vnni" else 2


class _Products(Protocol):
    """How products are summed: vectors of ``lanes`` sums, folded to 16 at the end."""

    lanes: int

    def weights(self, address: Any) -> list[Any]:
        """Load the 64 weights of a group."""
        ...

    def activations(self, address: Any) -> list[Any]:
        """Load the 4 activations of a group, repeated for every column."""
        ...

    def add(self, total: Any, weights: list[Any], activations: list[Any]) -> Any:
        """Return the total with the group's products added."""
        ...

    def columns(self, total: Any) -> Any:
        """Return the 16 sums."""
        ...


class _VnniProducts:
    """One 512-bit register of sums per row and panel."""

    lanes = COLUMNS

    def __init__(self, builder: Any) -> None:
        self._builder = builder
        vector = _vector(INT32, COLUMNS)
        self._instruction = _declare(
            builder.module,
            ir.FunctionType(vector, [vector] * 3),
            "llvm.x86.avx512.vpdpbusd.512",
        )

    def weights(self, address: Any) -> list[Any]:
        pointer = self._builder.inttoptr(address, _vector(INT32, COLUMNS).as_pointer())
        return [self._builder.load(pointer, align=4)]

    def activations(self, address: Any) -> list[Any]:
        word = self._builder.load(self._builder.inttoptr(address, INT32.as_pointer()), align=4)
        return [_splat(self._builder, word, COLUMNS)]

    def add(self, total: Any, weights: list[Any], activations: list[Any]) -> Any:
        return self._builder.call(self._instruction, [total, weights[0], activations[0]])

    def columns(self, total: Any) -> Any:
        return total


class _Avx2Products:
    """``vpmaddwd`` on 16-bit products: two sums per column, added at the end."""

    lanes = 2 * COLUMNS

    def __init__(self, builder: Any) -> None:
        self._builder = builder
        self._instruction = _declare(
            builder.module,
            ir.FunctionType(_vector(INT32, 8), [_vector(INT16, 16)] * 2),
            "llvm.x86.avx2.pmadd.wd",
        )

    def weights(self, address: Any) -> list[Any]:
        builder = self._builder
        parts = []
        for part in range(4):
            pointer = builder.inttoptr(
                builder.add(address, INT64(16 * part)), _vector(BYTE, 16).as_pointer()
            )
            parts.append(builder.zext(builder.load(pointer, align=4), _vector(INT16, 16)))
        return parts

    def activations(self, address: Any) -> list[Any]:
        builder = self._builder
        pointer = builder.inttoptr(address, _vector(BYTE, DEPTH).as_pointer())
        four = builder.sext(builder.load(pointer, align=4), _vector(INT16, DEPTH))
        mask = ir.Constant(_vector(INT32, 16), [i % DEPTH for i in range(16)])
        return [builder.shuffle_vector(four, four, mask)]

    def add(self, total: Any, weights: list[Any], activations: list[Any]) -> Any:
        builder = self._builder
        sums = [builder.call(self._instruction, [part, activations[0]]) for part in weights]
        low = _join(builder, sums[0], sums[1], 8)
        high = _join(builder, sums[2], sums[3], 8)
        return builder.add(total, _join(builder, low, high, 16))

    def columns(self, total: Any) -> Any:
        return _sum_neighbours(self._builder, total, 2 * COLUMNS)


class _PortableProducts:
    """Plain vector products that LLVM fits to any processor: four sums per column."""

    lanes = 4 * COLUMNS

    def __init__(self, builder: Any) -> None:
        self._builder = builder

    def weights(self, address: Any) -> list[Any]:
        builder = self._builder
        pointer = builder.inttoptr(address, _vector(BYTE, 64).as_pointer())
        return [builder.zext(builder.load(pointer, align=4), _vector(INT32, 64))]

    def activations(self, address: Any) -> list[Any]:
        builder = self._builder
        pointer = builder.inttoptr(address, _vector(BYTE, DEPTH).as_pointer())
        four = builder.sext(builder.load(pointer, align=4), _vector(INT32, DEPTH))
        mask = ir.Constant(_vector(INT32, 64), [i % DEPTH for i in range(64)])
        return [builder.shuffle_vector(four, four, mask)]

    def add(self, total: Any, weights: list[Any], activations: list[Any]) -> Any:
        return self._builder.add(total, self._builder.mul(weights[0], activations[0]))

    def columns(self, total: Any) -> Any:
        halved = _sum_neighbours(self._builder, total, 4 * COLUMNS)
        return _sum_neighbours(self._builder, halved, 2 * COLUMNS)


_PRODUCTS: dict[str, Callable[[Any], _Products]] = {
    "vnni": _VnniProducts,
    "avx2": _Avx2Products,
    "portable": _PortableProducts,
}


def _declare(module: Any, kind: Any, name: str) -> Any:
    declare: Any = cgutils.get_or_insert_function
    return declare(module, kind, name)


def _splat(builder: Any, scalar: Any, lanes: int) -> Any:
    undefined = ir.Constant(_vector(scalar.type, lanes), ir.Undefined)
    single = builder.insert_element(undefined, scalar, INT32(0))
    return builder.shuffle_vector(
        single, undefined, ir.Constant(_vector(INT32, lanes), [0] * lanes)
    )


def _join(builder: Any, first: Any, second: Any, lanes: int) -> Any:
    mask = ir.Constant(_vector(INT32, 2 * lanes), list(range(2 * lanes)))
    return builder.shuffle_vector(first, second, mask)


def _sum_neighbours(builder: Any, vector: Any, lanes: int) -> Any:
    even = ir.Constant(_vector(INT32, lanes // 2), list(range(0, lanes, 2)))
    odd = ir.Constant(_vector(INT32, lanes // 2), list(range(1, lanes, 2)))
    return builder.add(
        builder.shuffle_vector(vector, vector, even), builder.shuffle_vector(vector, vector, odd)
    )


def _emit_sums(builder: Any, activations: list[Any], weights: list[Any], groups: Any) -> list[Any]:
    """Emit the loop over groups of 4 inputs; all sums, rows by panels, stay in registers.

    Args:
        builder: Where to.
        activations: For each row its address and the bytes from one group to the next.
        weights: For each panel the same.
        groups: How many, at least one.

    Returns:
        One vector of int32 [16] for each row and panel.
    """
    products = _PRODUCTS[ARITHMETIC](builder)
    zero = ir.Constant(_vector(INT32, products.lanes), None)

    def add_group(group: Any, totals: list[Any]) -> list[Any]:
        # A panel's weights are loaded once for all rows.
        panels = [products.weights(_nth(builder, place, group)) for place in weights]
        added = iter(totals)
        return [
            products.add(next(added), panel, row)
            for row in (products.activations(_nth(builder, place, group)) for place in activations)
            for panel in panels
        ]

    zeros = [zero] * (len(activations) * len(weights))
    return [products.columns(total) for total in _emit_loop(builder, groups, zeros, add_group)]


def _nth(builder: Any, place: tuple[Any, Any], number: Any) -> Any:
    start, step = place
    return builder.add(start, builder.mul(number, step))


def _emit_loop(
    builder: Any, count: Any, first: list[Any], step: Callable[[Any, list[Any]], list[Any]]
) -> list[Any]:
    """Emit ``for i in range(count): values = step(i, values)`` for a count of at least one.

    Args:
        builder: Where to.
        count: An int64.
        first: The values before the first round.
        step: Emits one round.

    Returns:
        The values after the last round.
    """
    before = builder.block
    loop, after = builder.append_basic_block("loop"), builder.append_basic_block("after")
    builder.branch(loop)
    builder.position_at_end(loop)
    begun = [INT64(0), *first]
    carried = [builder.phi(value.type) for value in begun]
    number = carried[0]
    values = step(number, carried[1:])
    following = builder.add(number, INT64(1))
    for phi, at_first, later in zip(carried, begun, [following, *values], strict=True):
        phi.add_incoming(at_first, before)
        phi.add_incoming(later, loop)
    builder.cbranch(builder.icmp_signed("<", following, count), loop, after)
    builder.position_at_end(after)
    return values


def _load(builder: Any, address: Any, kind: Any) -> Any:
    return builder.load(builder.inttoptr(address, kind.as_pointer()), align=4)


def _store(builder: Any, value: Any, address: Any) -> None:
    builder.store(value, builder.inttoptr(address, value.type.as_pointer()), align=4)


def _emit_panel(builder: Any, rows: int, arguments: list[Any]) -> None:
    x, w, groups, row_scales, row_sums, scales, bias, out, row_bytes, adds = arguments
    activations = [(builder.add(x, INT64(DEPTH * r)), INT64(DEPTH * rows)) for r in range(rows)]
    sums = _emit_sums(builder, activations, [(w, INT64(PANEL_STEP))], groups)
    floats = _vector(FLOAT, COLUMNS)
    scale, shift = _load(builder, scales, floats), _load(builder, bias, floats)
    is_adding = builder.icmp_signed("!=", adds, INT64(0))
    for row, total in enumerate(sums):
        row_sum = _load(builder, builder.add(row_sums, INT64(4 * row)), INT32)
        row_scale = _load(builder, builder.add(row_scales, INT64(4 * row)), FLOAT)
        exact = builder.sub(total, _splat(builder, row_sum, COLUMNS))
        factor = builder.fmul(_splat(builder, row_scale, COLUMNS), scale)
        result = builder.fadd(builder.fmul(builder.sitofp(exact, floats), factor), shift)
        address = builder.add(out, builder.mul(row_bytes, INT64(row)))
        before = _load(builder, address, floats)
        before = builder.select(is_adding, before, ir.Constant(floats, None))
        result = builder.fadd(result, before)
        _store(builder, result, address)


@intrinsic
def linear_panel(
    _typing: Any, rows: Any, x: Any, w: Any, groups: Any, row_scales: Any, row_sums: Any,
    scales: Any, bias: Any, out: Any, row_bytes: Any, adds: Any,
) -> Any:  # fmt: skip
    """Multiply up to ``GREATEST_ROWS`` rows by one panel of 16 columns.

    With x int8 [groups, rows, 4] and w uint8 [groups, 16, 4],

        (sum over g, d of w[g, c, d] x[g, r, d] - row_sums[r]) * (row_scales[r] * scales[c])
        + bias[c]

    is written to the float32 at ``out + r * row_bytes + 4 c``, or added to it if ``adds`` is not
    0. All arguments but ``rows``, ``groups``, ``row_bytes`` and ``adds`` are addresses.
    """

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        done = builder.append_basic_block("done")
        switch = builder.switch(arguments[0], done)
        for number in range(1, GREATEST_ROWS + 1):
            case = builder.append_basic_block(f"rows_{number}")
            switch.add_case(INT64(number), case)
            builder.position_at_end(case)
            _emit_panel(builder, number, arguments[1:])
            builder.branch(done)
        builder.position_at_end(done)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 11), generate


def _dot_pair(panels: int) -> Any:
    @intrinsic
    def dot(
        _typing: Any, high: Any, low: Any, w: Any, panel_bytes: Any, step_bytes: Any, groups: Any,
        out: Any,
    ) -> Any:  # fmt: skip
        def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            high, low, w, panel_bytes, step_bytes, groups, out = arguments
            weights = [
                (builder.add(w, builder.mul(panel_bytes, INT64(panel))), step_bytes)
                for panel in range(panels)
            ]
            rows = [(high, INT64(DEPTH)), (low, INT64(DEPTH))]
            for i, total in enumerate(_emit_sums(builder, rows, weights, groups)):
                _store(builder, total, builder.add(out, INT64(4 * COLUMNS * i)))
            return context.get_dummy_value()

        return types.void(*[types.int64] * 7), generate

    return dot


# ``dot_pair_p(high, low, w, panel_bytes, step_bytes, groups, out)``: the two bytes of 16-bit
# numbers, int8 [groups, 4] each, by p panels; int32 ``out[r, p, c]`` is the sum over g, d of
# ``w[p, g, c, d] x[r, g, d]``, where ``w[p, g]`` are the 64 bytes at
# ``w + p * panel_bytes + g * step_bytes``.
dot_pair_1 = _dot_pair(1)
dot_pair_4 = _dot_pair(4)


@intrinsic
def load_acquire(_typing: Any, address: Any) -> Any:
    """Load the int64 at an address; later reads see what was written before it was stored."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], INT64.as_pointer())
        return builder.load_atomic(pointer, ordering="seq_cst", align=8)

    return types.int64(types.int64), generate


@intrinsic
def store_release(_typing: Any, address: Any, value: Any) -> Any:
    """Store an int64 after everything written before."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], INT64.as_pointer())
        builder.store_atomic(arguments[1], pointer, ordering="seq_cst", align=8)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


@intrinsic
def subtract_one(_typing: Any, address: Any) -> Any:
    """Atomically lower the int64 at an address by 1; return what it was."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], INT64.as_pointer())
        return builder.atomic_rmw("sub", pointer, INT64(1), ordering="seq_cst")

    return types.int64(types.int64), generate


@intrinsic
def replace_if_equal(_typing: Any, address: Any, expected: Any, value: Any) -> Any:
    """Atomically store ``value`` if the int64 there is ``expected``; return whether it was."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], INT64.as_pointer())
        pair = builder.cmpxchg(pointer, arguments[1], arguments[2], ordering="seq_cst")
        return builder.extract_value(pair, 1)

    return types.boolean(types.int64, types.int64, types.int64), generate


def _address_of(function: Any) -> int:
    address = ctypes.cast(function, ctypes.c_void_p).value
    if address is None:
        raise OSError("a function of the C library has no address")
    return address


def _resting_functions() -> tuple[int, int]:
    """Return the addresses of the C functions that yield the processor and that sleep."""
    if sys.platform == "win32":
        library: Any = ctypes.windll.kernel32
        return _address_of(library.SwitchToThread), _address_of(library.SwitchToThread)
    library = ctypes.CDLL(None)
    return _address_of(library.sched_yield), _address_of(library.usleep)


# By name, so that code cached on disk finds them in the next process, where they lie elsewhere.
for _name, _address in zip(
    ("redactor_yield", "redactor_sleep"), _resting_functions(), strict=True
):
    llvmlite.binding.add_symbol(_name, _address)
yield_processor: Any = ExternalFunction("redactor_yield", types.int32())
# Takes microseconds (Windows sleeps for milliseconds at least, so there it only yields).
sleep_us: Any = ExternalFunction("redactor_sleep", types.int32(types.uint32))


@intrinsic
def pause(_typing: Any) -> Any:
    """Tell the processor that this is a waiting loop."""

    def generate(context: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:
        if llvmlite.binding.get_default_triple().startswith(("x86_64", "i686")):
            function = _declare(
                builder.module, ir.FunctionType(ir.VoidType(), []), "llvm.x86.sse2.pause"
            )
            builder.call(function, [])
        return context.get_dummy_value()

    return types.void(), generate


def _view_intrinsic(element: Any) -> Any:
    pointer: Any = types.CPointer

    @intrinsic
    def as_pointer(_typing: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

        return pointer(element)(types.int64), generate

    return as_pointer


float_pointer = _view_intrinsic(types.float32)
byte_pointer = _view_intrinsic(types.uint8)
signed_byte_pointer = _view_intrinsic(types.int8)
int_pointer = _view_intrinsic(types.int32)
long_pointer = _view_intrinsic(types.int64)
