"""Rules about what is a backup: all of pg_dump's formats are, and a part of one is not."""

from __future__ import annotations

import gzip
import lzma
import random
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dumps import PLAIN, dump_all
from exporter.backup_files import Verdict, examine
from exporter.backup_reader import StoppedError
from farm import Farm
from programs import require

CLUSTER = PLAIN.replace(b"-- PostgreSQL database dump\n", b"-- PostgreSQL database cluster dump\n")
CLUSTER_END = b"--\n-- PostgreSQL database cluster dump complete\n--\n\n"
PACK: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "xz": lzma.compress}


@pytest.fixture(scope="module")
def dumps(farm: Farm, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Real backups by version and format; tests do not change them."""
    return dump_all(farm, tmp_path_factory.mktemp("dumps"))


def never() -> bool:
    return False


def verdict(folder: Path, data: bytes, largest: int = 2**24) -> Verdict:
    path = folder / "file"
    path.write_bytes(data)
    return examine(path, never, largest)


def cuts(data: bytes, count: int = 60) -> Iterator[bytes]:
    """Yield the beginning of a file at made-up lengths, and just before its end."""
    made_up = random.Random(len(data))  # noqa: S311 - the same lengths for the same file
    for length in [*(made_up.randrange(300, len(data)) for _ in range(count)), len(data) - 1]:
        yield data[:length]


def test_every_format_of_pg_dump_is_a_backup(dumps: dict[str, Path]) -> None:
    found = {name: examine(path, never) for name, path in dumps.items()}
    assert found == dict.fromkeys(dumps, Verdict.VALID)


def test_a_file_of_pg_dump_cut_anywhere_is_cut(dumps: dict[str, Path], tmp_path: Path) -> None:
    for name, path in dumps.items():
        if path.is_file() and "plain" not in name.split(" ")[1].split("-")[:1]:
            found = {verdict(tmp_path, part) for part in cuts(path.read_bytes())}
            assert found == {Verdict.CUT}, name


def test_a_plain_dump_is_cut_unless_its_last_line_is_there(dumps: dict[str, Path], tmp_path: Path) -> None:
    for name, path in dumps.items():
        if name.endswith((" plain", " plain-verbose")):
            before, line, _ = path.read_bytes().rpartition(b"-- PostgreSQL database dump complete")
            assert {verdict(tmp_path, part) for part in cuts(before + line)} == {Verdict.CUT}, name
            assert verdict(tmp_path, before + line) is Verdict.VALID


def test_an_archive_cut_where_an_end_might_be_is_cut(dumps: dict[str, Path], tmp_path: Path) -> None:
    """Five zeros end an archive, and each of its blocks, too: a cut behind any of them must not do."""
    for name, path in dumps.items():
        if name.endswith((" custom", " piped", " custom-plain")):
            data = path.read_bytes()
            ends = [at for at in range(12, len(data)) if data[at - 5 : at] == bytes(5)]
            assert len(ends) > 10
            found = {at: verdict(tmp_path, data[:at]) for at in ends}
            assert {at for at, each in found.items() if each is not Verdict.CUT} == set(), name


def test_an_archive_of_a_version_to_come_is_judged_by_its_end(dumps: dict[str, Path], tmp_path: Path) -> None:
    data = bytearray(next(path for name, path in dumps.items() if name.endswith(" custom")).read_bytes())
    data[6] = 99
    assert verdict(tmp_path, bytes(data)) is Verdict.VALID
    assert verdict(tmp_path, bytes(data[:-8])) is Verdict.CUT


@pytest.mark.parametrize("pack", PACK.values(), ids=PACK)
def test_what_is_compressed_must_be_whole_inside_and_outside(
    pack: Callable[[bytes], bytes], dumps: dict[str, Path], tmp_path: Path
) -> None:
    for name, path in dumps.items():
        if name.split(" ")[1] in ("custom", "tar", "plain"):
            data = path.read_bytes()
            packed = pack(data)
            assert verdict(tmp_path, packed) is Verdict.VALID, name
            assert {verdict(tmp_path, part) for part in cuts(packed, 8)} == {Verdict.CUT}, name
            assert verdict(tmp_path, pack(data[: len(data) // 2])) is Verdict.CUT, name


@pytest.mark.parametrize("program", ["zstd", "lz4"])
def test_zstd_and_lz4_are_whole_as_files(program: str, dumps: dict[str, Path], tmp_path: Path) -> None:
    command: list[str | Path] = [require(program), "-q", "-c"]
    for name, path in dumps.items():
        if name.endswith((" custom-plain", " plain")):
            packed = subprocess.run([*command, path], check=True, capture_output=True).stdout
            assert verdict(tmp_path, packed) is Verdict.VALID, name
            assert verdict(tmp_path, packed + packed) is Verdict.VALID, name
            assert {verdict(tmp_path, part) for part in cuts(packed)} == {Verdict.CUT}, name


# A frame of zstd and one of lz4 by their specifications: a block that is not compressed, with and without
# what a frame may have besides; before it one that is to be skipped.
SKIPPED = b"\x53\x2a\x4d\x18\x03\x00\x00\x00abc"
FRAMES = {
    "zstd": b"\x28\xb5\x2f\xfd\x00\x58" + b"\x29\x00\x00hello",
    "zstd with all": b"\x28\xb5\x2f\xfd\xe5\x09"
    + bytes(8)
    + b"\x1a\x00\x00x"
    + b"\x10\x00\x00ab"
    + b"\x01\x00\x00cccc",
    "lz4": b"\x04\x22\x4d\x18\x60\x40\x82" + b"\x05\x00\x00\x80hello" + bytes(4),
    "lz4 with all": b"\x04\x22\x4d\x18\x7d\x40"
    + bytes(12)
    + b"\x82\x05\x00\x00\x80hellocccc"
    + bytes(4)
    + b"cccc",
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames_of_zstd_and_lz4_end_where_their_specifications_say(name: str, tmp_path: Path) -> None:
    frame = FRAMES[name]
    assert verdict(tmp_path, frame + SKIPPED + frame) is Verdict.VALID
    assert {verdict(tmp_path, frame[:length]) for length in range(4, len(frame))} == {Verdict.CUT}
    assert verdict(tmp_path, frame + b"rest") is Verdict.CUT


def test_members_of_gzip_and_streams_of_xz_may_follow_each_other(tmp_path: Path) -> None:
    half = len(PLAIN) // 2
    for pack in PACK.values():
        assert verdict(tmp_path, pack(PLAIN[:half]) + pack(PLAIN[half:])) is Verdict.VALID
        assert verdict(tmp_path, pack(PLAIN[:half]) + pack(PLAIN[half:])[:-1]) is Verdict.CUT
    assert verdict(tmp_path, gzip.compress(PLAIN) + bytes(512)) is Verdict.VALID


def test_damage_inside_a_compressed_file_is_a_cut(tmp_path: Path) -> None:
    for pack in PACK.values():
        data = bytearray(pack(PLAIN + random.Random(1).randbytes(5000) + PLAIN))  # noqa: S311 - the same bytes
        data[2000] ^= 0xFF
        assert verdict(tmp_path, bytes(data)) is Verdict.CUT


def test_a_large_gzip_is_judged_by_its_beginning_and_a_hole_at_its_end(tmp_path: Path) -> None:
    packed = gzip.compress(PLAIN + random.Random(1).randbytes(5000))  # noqa: S311 - the same bytes
    assert verdict(tmp_path, packed, len(packed)) is Verdict.CUT
    assert verdict(tmp_path, packed, len(packed) - 1) is Verdict.VALID
    assert verdict(tmp_path, packed[:-3000] + bytes(3000), 100) is Verdict.CUT
    assert verdict(tmp_path, gzip.compress(b"something else" * 100), 10) is Verdict.UNKNOWN


def test_a_large_xz_is_judged_by_its_beginning_and_its_index(tmp_path: Path) -> None:
    packed = lzma.compress(PLAIN)
    assert verdict(tmp_path, packed, 10) is Verdict.VALID
    assert {verdict(tmp_path, packed[:length], 10) for length in range(8, len(packed))} == {Verdict.CUT}


PLAIN_CASES = [
    (PLAIN, Verdict.VALID),
    (PLAIN.replace(b"\n", b"\r\n"), Verdict.VALID),
    (PLAIN + b"\\unrestrict abc\n\n", Verdict.VALID),
    (PLAIN.replace(b"dump complete", b"dump"), Verdict.CUT),
    (PLAIN + b"SELECT 1;\n", Verdict.CUT),
    (CLUSTER + CLUSTER_END, Verdict.VALID),
    (CLUSTER + b"\\unrestrict abc\n\n" + CLUSTER_END, Verdict.VALID),
    (CLUSTER, Verdict.CUT),
    (PLAIN[:10], Verdict.CUT),
    (b"", Verdict.EMPTY),
    (b"\n" + PLAIN, Verdict.UNKNOWN),
    (b"SELECT 1;\n", Verdict.UNKNOWN),
    (b"garbage" * 1000, Verdict.UNKNOWN),
    (bytes(5000), Verdict.UNKNOWN),
    (gzip.compress(b"garbage"), Verdict.UNKNOWN),
    (gzip.compress(b""), Verdict.EMPTY),
    (b"PGDMP", Verdict.CUT),
    (b"PGDMP" + bytes(500), Verdict.VALID),
    (b"PGDMP\x01\x0e\x00\x04\x08\x01" + b"\xff" * 500, Verdict.CUT),
    (b"PGDMP\x01\x0e\x00\x04\x08\x01" + b"\x00\xff\xff\xff\x7f" * 100 + bytes(5), Verdict.CUT),
]


@pytest.mark.parametrize(("data", "expected"), PLAIN_CASES, ids=range(len(PLAIN_CASES)))
def test_the_beginning_says_what_it_is_and_the_end_whether_it_is_whole(
    data: bytes, expected: Verdict, tmp_path: Path
) -> None:
    assert verdict(tmp_path, data) is expected


def folders(dumps: dict[str, Path]) -> list[Path]:
    return [path for path in dumps.values() if path.is_dir()]


def test_a_folder_is_cut_when_any_file_of_its_table_of_contents_is_missing(
    dumps: dict[str, Path], tmp_path: Path
) -> None:
    for number, folder in enumerate(folders(dumps)):
        copy = shutil.copytree(folder, tmp_path / str(number))
        for path in sorted(copy.iterdir()):
            path.rename(tmp_path / "away")
            assert examine(copy, never) is Verdict.CUT, (folder, path.name)
            (tmp_path / "away").rename(path)
        assert examine(copy, never) is Verdict.VALID


def test_a_folder_is_cut_when_its_table_of_contents_or_the_data_of_a_table_is(
    dumps: dict[str, Path], tmp_path: Path
) -> None:
    for number, folder in enumerate(folders(dumps)):
        copy = shutil.copytree(folder, tmp_path / str(number))
        for path in copy.iterdir():
            if path.name.startswith("blob"):
                continue
            data = path.read_bytes()
            for length in (0, len(data) // 2, len(data) - 1):
                path.write_bytes(data[:length])
                assert examine(copy, never) is Verdict.CUT, (folder, path.name, length)
            path.write_bytes(data)


def test_a_tar_of_a_folder_is_a_backup_and_any_other_tar_is_not(
    dumps: dict[str, Path], tmp_path: Path
) -> None:
    with tarfile.open(tmp_path / "folder.tar", "w") as archive:
        archive.add(folders(dumps)[0], "daily")
    assert examine(tmp_path / "folder.tar", never) is Verdict.VALID
    (tmp_path / "toc.dat").write_bytes(b"no table of contents")
    with tarfile.open(tmp_path / "other.tar", "w") as archive:
        archive.add(tmp_path / "toc.dat", "toc.dat")
    assert examine(tmp_path / "other.tar", never) is Verdict.UNKNOWN


def test_a_long_look_ends_when_nobody_waits_for_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(gzip.compress(PLAIN))
    with pytest.raises(StoppedError):
        examine(tmp_path / "file", lambda: True)
