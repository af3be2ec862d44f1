"""Numbers and addresses that the compiled step is given, by name.

The step is one function for every GPT-2, so what differs between models comes in arrays of int64:
the shape, the program (one line for each stage, see ``program``), and the addresses and sizes of
this step's buffers.
"""

from enum import IntEnum


class Shape(IntEnum):
    """Sizes that attention and the sharing out of work need."""

    HEADS = 0
    HEAD_WIDTH = 1
    HEAD_STORE = 2  # head width, padded to 16
    WINDOW_BLOCKS = 3  # blocks that a text can have
    TOKEN_BLOCK_BYTES = 4  # 64 tokens: keys and values of all heads of all layers
    BLOCK_BYTES = 5  # 64 tokens of one head
    SCALES_ATTENTION = 6  # 1: scores are divided by the square root of the head's width
    SCALES_BY_LAYER = 7  # 1: and by the layer's number
    THREADS = 8
    COUNT = 9


class Work(IntEnum):
    """Sizes and buffers of one step."""

    ROWS = 0  # tokens in the step, all texts together
    SLICES = 1
    LOGIT_ROWS = 2
    TOKEN_IDS = 3  # int32 [rows]
    ROW_POSITIONS = 4  # int32 [rows]
    SLICE_BLOCKS = 5  # int32 [slices, window blocks], where keys and values are
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


class Kind(IntEnum):
    """What a stage does."""

    EMBED = 0
    NORMALISE = 1  # and quantise
    QUANTISE = 2  # after the activation function, if any
    LINEAR = 3
    ATTEND = 4


class Stage(IntEnum):
    """The columns of the program; a stage uses those that its kind needs.

    ``FIRST``, ``SECOND`` and ``THIRD`` are addresses of weights: panels, scales and bias of a
    matrix; gain of a normalisation; panels, scales and positions of the embedding.
    """

    KIND = 0
    FIRST = 1
    SECOND = 2
    THIRD = 3
    INPUTS = 4
    COLUMNS = 5
    SOURCE = 6  # a buffer of Work
    TARGET = 7  # a buffer of Work
    OPTION = 8  # of a matrix: Output; before quantising: Activation
    LAYER = 9
    IS_LAST = 10  # 1: only the rows whose logits are wanted
    COUNT = 11


class Output(IntEnum):
    """Whether a product is written to its buffer or added to what is there."""

    WRITE = 0
    ADD = 1


class Activation(IntEnum):
    """The function between the two matrices of a layer's perceptron."""

    NONE = 0
    GELU_TANH = 1
    GELU_ERF = 2
    RELU = 3
