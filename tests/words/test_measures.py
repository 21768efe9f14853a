"""Units of measure."""

import pytest

from groundplan.measures import KNOWN_MEASURES, conversion_factor, is_known_measure


def test_a_gigawatt_hour_is_3_6_terajoules():
    assert conversion_factor("GWh", "TJ") == pytest.approx(3.6, rel=1e-12)


def test_factors_there_and_back_cancel():
    for source, (dimension, _) in KNOWN_MEASURES.items():
        for target, (other, _) in KNOWN_MEASURES.items():
            if dimension == other:
                assert conversion_factor(source, target) * conversion_factor(target, source) == pytest.approx(1.0, rel=1e-12)


def test_tonnes_cannot_become_megawatt_hours():
    with pytest.raises(ValueError, match=r"'t' measures mass, 'MWh' measures energy"):
        conversion_factor("t", "MWh")


def test_an_unknown_measure_is_named():
    assert not is_known_measure("bushel")
    with pytest.raises(ValueError, match="bushel"):
        conversion_factor("bushel", "t")


def test_common_symbols_are_known_and_are_their_measure():
    for symbol, measure in (("h", "hour"), ("hr", "hour"), ("hours", "hour"), ("tonne", "t"), ("tonnes", "t"), ("L", "l"), ("m³", "m3"), ("pcs", "piece")):
        assert conversion_factor(symbol, measure) == 1.0
    assert conversion_factor("min", "h") == pytest.approx(1 / 60, rel=1e-12)
    assert conversion_factor("toe", "GJ") == pytest.approx(41.868, rel=1e-12)
    assert all(is_known_measure(symbol) for symbol in ("d", "day", "kJ", "MJ", "kW", "pkm"))


def test_a_day_is_no_fixed_number_of_hours():
    with pytest.raises(ValueError, match="no factor"):
        conversion_factor("d", "h")
