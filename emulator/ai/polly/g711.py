"""The telephone's codes of 16-bit sound: mu-law and A-law, as ITU-T G.711 tells."""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
"""Sound of one channel."""

_LOUDEST = 8_158
"""Of mu-law, in its 14 bits, before the bias."""
_BIAS = 33
"""Of mu-law, in its 14 bits: it makes each segment begin at a power of two."""


def mulaw(samples: Samples) -> bytes:
    """One byte a sample, by mu-law."""
    value = samples.astype(np.int32) >> 2
    sign = np.where(value < 0, 0x7F, 0xFF)
    size = np.minimum(np.abs(value), _LOUDEST) + _BIAS
    exponent = np.maximum(_top_bit(size) - 5, 0)
    mantissa = (size >> (exponent + 1)) & 0x0F
    coded = sign ^ ((exponent << 4) | mantissa)
    return bytes(coded.astype(np.uint8))


def alaw(samples: Samples) -> bytes:
    """One byte a sample, by A-law."""
    value = samples.astype(np.int32) >> 3
    mask = np.where(value < 0, 0x55, 0xD5)
    size = np.where(value < 0, -value - 1, value)
    exponent = np.maximum(_top_bit(size) - 4, 0)
    shift = np.maximum(exponent, 1)
    coded = mask ^ ((exponent << 4) | ((size >> shift) & 0x0F))
    return bytes(coded.astype(np.uint8))


def _top_bit(values: NDArray[np.int32]) -> NDArray[np.int32]:
    """The place of the highest bit that is set; 0 for 0 and 1."""
    return (np.frexp(values.astype(np.float64))[1] - 1).clip(0).astype(np.int32)
