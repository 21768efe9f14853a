"""Whatever bytes stand in a folder, only errors of groundplan's own come out."""

import os
import shutil
import tempfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groundplan.errors import InputError
from groundplan.store.folder import check_folder, read_economy, write_economy
from groundplan.tables.economy import Economy
from groundplan.tables.facts import FACTS
from groundplan.tables.settings import Settings
from small_economy import SMALL_ROWS, table_of

TODAY = date(2026, 1, 1)
# A newcomer's bad luck is sampled thinly in continuous integration; GROUNDPLAN_FUZZ=2000 digs.
EXAMPLES = int(os.environ.get("GROUNDPLAN_FUZZ", "25"))
NASTY = [
    b",", b";", b"\t", b"\n", b"\r", b"\r\n", b'"', b'""', b" ", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xea\xb0\x95", b"-", b"nan", b"inf", b"-inf", b"1e308",
    b"1e999", b"-0.0", b"9" * 40, b"0x10", b"true", b"2020-02-30", b"2020-01-01 00:00:00", b"43864", b"99999999", b"2020-Q5",
    b"1,5", b"#DIV/0!", b"\\", b"'", b"\xc2\xa0", b"\xe2\x80\x8b", b"all", b"M1", b"W1",
]  # fmt: skip

edits = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from(["insert", "delete", "replace", "double", "cut"]), st.sampled_from(NASTY) | st.binary(max_size=3), st.integers(0, 12)),
    min_size=1,
    max_size=6,
)


def mutate(data: bytes, changes: list[tuple[float, str, bytes, int]]) -> bytes:
    for share, kind, piece, length in changes:
        at = int(share * len(data))
        match kind:
            case "insert":
                data = data[:at] + piece + data[at:]
            case "delete":
                data = data[:at] + data[at + length :]
            case "replace":
                data = data[:at] + piece + data[at + length :]
            case "double":
                data = data[:at] + data[at : at + 5 * length] * 2 + data[at + 5 * length :]
            case "cut":
                data = data[: max(at, len(data) // 2)]
    return data


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """The small economy in every form, made once."""
    economy = Economy.from_tables(Settings(as_of=date(2020, 12, 31)), {name: table_of(name, rows) for name, rows in SMALL_ROWS.items()})
    folder = tmp_path_factory.mktemp("originals")
    for form in ("csv", "parquet", "xlsx"):
        write_economy(economy, folder / form, form=form)
    return folder


def assert_only_own_errors(folder: Path) -> None:
    economy, faults = check_folder(folder, today=TODAY)
    grave = [fault for fault in faults if fault.severity == "fault"]
    assert economy is not None or grave
    for fault in faults:
        assert fault.rule
        assert fault.remedy
        assert str(fault)
        assert all(row >= 1 for row in fault.rows)
        assert len(fault.rows) <= 5
    try:
        read = read_economy(folder, today=TODAY)
    except InputError as error:
        assert grave
        assert set(error.faults) == set(faults)
    else:
        assert not grave
        for name, frame in read.tables().items():
            assert FACTS[name].is_valid(frame.select(FACTS[name].column_names())), name


@pytest.mark.parametrize("form", ["csv", "parquet", "xlsx"])
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_spoilt_bytes_give_faults_and_nothing_else(originals, form, data):
    folder = Path(tempfile.mkdtemp()) / "e"
    try:
        shutil.copytree(originals / form, folder)
        files = sorted(path.name for path in folder.iterdir())
        for name in data.draw(st.sets(st.sampled_from(files), min_size=1, max_size=3)):
            path = folder / name
            path.write_bytes(mutate(path.read_bytes(), data.draw(edits)))
        assert_only_own_errors(folder)
    finally:
        shutil.rmtree(folder.parent)


CELLS = st.sampled_from([piece.decode("utf-8", "replace").replace('"', "'") for piece in NASTY if piece not in (b"\0", b"\n", b"\r", b"\r\n", b",")]) | st.text(
    st.characters(codec="utf-8", exclude_characters='"\0'), max_size=6
)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_spoilt_cells_give_faults_and_nothing_else(originals, data):
    """Mends the form of the file, so that more reaches the rules than in the test above."""
    folder = Path(tempfile.mkdtemp()) / "e"
    try:
        shutil.copytree(originals / "csv", folder)
        for name in data.draw(st.sets(st.sampled_from(sorted(FACTS)), min_size=1, max_size=3)):
            path = folder / f"{name}.csv"
            rows = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
            for _ in range(data.draw(st.integers(1, 4))):
                row = data.draw(st.integers(1, len(rows) - 1))
                rows[row][data.draw(st.integers(0, len(rows[0]) - 1))] = f'"{data.draw(CELLS)}"'
            path.write_text("\n".join(",".join(row) for row in rows), encoding="utf-8", newline="")
        assert_only_own_errors(folder)
    finally:
        shutil.rmtree(folder.parent)
