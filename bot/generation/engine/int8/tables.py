"""Numbers and addresses that the compiled step is given, by name.

The step is one function for every GPT-2, so what differs between models comes in three arrays of
int64: the shape, the addresses of the weights, the addresses and sizes of this step's buffers.
"""

from enum import IntEnum


class Shape(IntEnum):
    """Sizes of the model; ``widths`` are padded to 16 where memory is laid out."""

    LAYERS = 0
    WIDTH = 1
    HEADS = 2
    HEAD_WIDTH = 3
    HEAD_STORE = 4  # head width, padded to 16
    INNER = 5
    VOCABULARY = 6
    SLOT_BYTES = 7
    TOKEN_BLOCK_BYTES = 8  # 64 tokens: keys and values of all heads of all layers
    BLOCK_BYTES = 9  # of one head: 64 tokens
    ACTIVATION = 10
    THREADS = 11
    SCALES_BY_LAYER = 12  # 1: attention is also divided by the layer's number
    SCALES_ATTENTION = 13
    COUNT = 14


class Layer(IntEnum):
    """Addresses of one layer's weights; each matrix has panels, scales and bias in a row."""

    NORM_1_GAIN = 0
    NORM_1_BIAS = 1
    QKV = 2
    OUT = 5
    NORM_2_GAIN = 8
    NORM_2_BIAS = 9
    UP = 10
    DOWN = 13
    COUNT = 16


class Model(IntEnum):
    """Addresses of the weights outside the layers."""

    POSITIONS = 0
    TOKENS = 1  # panels, scales, (no bias)
    NORM_GAIN = 4
    NORM_BIAS = 5
    HEAD = 6  # panels, scales, bias
    COUNT = 9


class Work(IntEnum):
    """Sizes and buffers of one step."""

    ROWS = 0  # tokens in the step, all texts together
    SLICES = 1
    LOGIT_ROWS = 2
    TOKEN_IDS = 3  # int32 [rows]
    ROW_POSITIONS = 4  # int32 [rows]
    SLICE_SLOTS = 5  # int32 [slices]
    SLICE_ROWS = 6  # int32 [slices + 1], first row of each
    LOGIT_OF = 7  # int32 [logit rows], the row that each is of
    HIDDEN = 8  # float32 [rows, width]
    QUANTISED = 9  # int8, blocks of rows, see kernels.block_of
    ROW_SCALES = 10  # float32 [rows]
    ROW_SUMS = 11  # int32 [rows]
    QKV = 12  # float32 [rows, 3 * width]
    CONTEXT = 13  # float32 [rows, width]
    INNER = 14  # float32 [rows, inner]
    LOGITS = 15  # float32 [logit rows, vocabulary]
    CACHE = 16  # keys and values
    COUNT = 17


class Activation(IntEnum):
    """The function between the two matrices of a layer's perceptron."""

    GELU_TANH = 0
    GELU_ERF = 1
    RELU = 2
