import numpy as np

import workbench as wb


def test_saturate_is_tanh_behind_a_gain():
    x = np.linspace(-2, 2, 41)
    found = wb.saturate(x, drive_db=20.0)
    np.testing.assert_allclose(found, np.tanh(10 * x), rtol=1e-12)


def test_quiet_signals_are_amplified():
    assert float(wb.saturate([1e-4], drive_db=6.0)[0]) == np.float32(1e-4 * 10**0.3)
