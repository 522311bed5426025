"""The command `dashboards`: what it lists, what it copies, what it prints for Kubernetes."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from daemon import finish
from exporter.dashboard_files import config_maps, shipped_directory

FILES = {path.name: path.read_text() for path in shipped_directory().glob("*.json")}
_MOST = 1024 * 1024  # bytes that Kubernetes takes in a ConfigMap


def test_it_lists_every_dashboard_with_its_title() -> None:
    code, printed = finish("dashboards")
    assert code == 0
    assert [line.split()[0] for line in printed.splitlines()[2:]] == sorted(
        json.loads(text)["uid"] for text in FILES.values()
    )


def test_it_copies_every_file_as_it_is_and_says_where(tmp_path: Path) -> None:
    code, printed = finish("dashboards", "--to", tmp_path / "new")
    assert code == 0
    assert {path.name: path.read_text() for path in (tmp_path / "new").iterdir()} == FILES
    assert len(printed.splitlines()) == len(FILES)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, printed = finish("dashboards", "--to", tmp_path / "file")
    assert code == 1
    assert printed == f"pg-oauth-exporter: {tmp_path}/file: cannot be written: File exists\n"


def test_kubernetes_gets_a_config_map_for_each_that_the_sidecar_finds_and_that_is_not_too_large() -> None:
    made = list(yaml.safe_load_all(config_maps(FILES)))
    assert len({each["metadata"]["name"] for each in made}) == len(FILES)
    for each in made:
        assert each["metadata"]["labels"]["grafana_dashboard"] == "1"
        [(name, text)] = each["data"].items()
        assert json.loads(text) == json.loads(FILES[name])
        assert len(yaml.safe_dump(each)) < _MOST


def test_the_command_prints_the_same_for_kubernetes() -> None:
    code, printed = finish("dashboards", "--kubernetes")
    assert code == 0
    assert printed == config_maps(dict(sorted(FILES.items())))


def test_the_docs_have_a_picture_of_every_dashboard_that_is_not_too_large() -> None:
    pictures = {
        path.stem: path.stat().st_size for path in (shipped_directory().parent / "docs/images").glob("*.png")
    }
    assert pictures.keys() == {name.removesuffix(".json") for name in FILES}
    assert max(pictures.values()) < 400_000
