"""Numbers as text."""

import numpy as np
import pytest

from animopt.core.number_format import format_setting


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.05, "0.05"),
        (0.123456, "0.123"),
        (-0.5, "−0.5"),
        (-3, "−3"),
        (1e-5, "10⁻⁵"),
        (-1e-5, "−10⁻⁵"),
        (2.5e-6, "2.5 × 10⁻⁶"),
        (1e10, "10¹⁰"),
        (1_000_000, "1000000"),
        (np.float32(-0.5), "−0.5"),
        ((0.9, 1e-8), "(0.9, 10⁻⁸)"),
        (True, "True"),
        ("l-1", "l-1"),
        (-np.inf, "−inf"),
    ],
)
def test_setting_has_powers_of_ten_and_minus_signs(value, text):
    assert format_setting(value) == text
    assert format_setting(0.123456789, digits=6) == "0.123457"
