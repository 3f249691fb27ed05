"""Curves that are the same to the last bit on every machine.

Only operations that IEEE 754 rounds correctly are used (+ - * /), each in a pass of its own: the
`exp` and `log` of a maths library or of NumPy differ between versions and processors.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_LN2 = 0.6931471805599453
_PI = 3.141592653589793
_STEP = 1 / 512


def exp(values: Floats) -> Floats:
    """e ** values, to about 1e-15, for values in [-700, 700]."""
    powers = np.rint(values / _LN2)
    rest = values - powers * _LN2
    total = np.ones_like(rest)
    for term in range(16, 0, -1):
        total = total * rest / term + 1.0
    return np.ldexp(total, powers.astype(np.int32))


def log(values: Floats) -> Floats:
    """The natural logarithm of positive values, to about 1e-15."""
    fractions, powers = np.frexp(values)
    slope = (fractions - 1.0) / (fractions + 1.0)
    square = slope * slope
    total = np.zeros_like(slope)
    for odd in range(39, 0, -2):
        total = total * square + 1.0 / odd
    return powers * _LN2 + 2.0 * slope * total


def sine(steps: int) -> Floats:
    """One period of the sine at so many points, to about 1e-13."""
    turn = np.arange(steps) / steps
    angles = (turn - np.rint(turn)) * (2.0 * _PI)
    square = angles * angles
    total = np.ones_like(angles)
    for odd in range(31, 2, -2):
        total = 1.0 - total * square / (odd * (odd - 1))
    return angles * total


def normal_quantiles(shares: Floats) -> Floats:
    """Where the standard normal distribution has `shares` (in 1e-15 to 1 - 1e-15) below it."""
    edges = np.arange(-8.0, 8.0 + _STEP, _STEP)
    density = exp(-edges * edges / 2.0)
    below = np.cumsum((density[:-1] + density[1:]) / 2.0)
    below = np.concatenate(([0.0], below)) / below[-1]
    at = np.searchsorted(below, shares, side="right")
    quantiles: Floats = edges[at - 1] + _STEP * (shares - below[at - 1]) / (
        below[at] - below[at - 1]
    )
    return quantiles
