"""A report is written whole or not at all."""

import pytest

from groundplan.errors import FolderError
from groundplan.report.html import write_html
from groundplan.report.pdf import write_pdf
from groundplan.report.whole import whole_file
from groundplan.report.workbook import write_workbook


def test_a_file_takes_its_place_when_it_is_whole(tmp_path):
    target = tmp_path / "report.txt"
    target.write_text("old")
    with whole_file(target) as draft:
        draft.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["report.txt"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_what_breaks_off_leaves_the_old_file(tmp_path, error):
    target = tmp_path / "report.txt"
    target.write_text("old")
    with pytest.raises(error), whole_file(target) as draft:
        draft.write_text("half")
        raise error
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["report.txt"]


def test_a_full_disk_is_told_in_words(tmp_path):
    with pytest.raises(FolderError, match=r"report\.txt cannot be written: No space left on device"), whole_file(tmp_path / "report.txt"):
        raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("write", [write_html, write_pdf, write_workbook])
def test_a_folder_that_is_not_there_is_told_in_words(parts, tmp_path, write):
    with pytest.raises(FolderError, match="cannot be written"):
        write(parts["nothing"], tmp_path / "nowhere" / "report")
