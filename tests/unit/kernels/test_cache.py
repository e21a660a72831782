import os
from pathlib import Path

import pytest

from ml.kernels import loops
from ml.kernels.cache import cache_folder


@pytest.fixture
def base(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_the_folder_is_made_in_the_users_cache_for_the_user_alone(base):
    folder = cache_folder()
    assert folder == base / "goldloop/kernels"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_without_a_setting_it_is_below_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache/goldloop/kernels"


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
def test_a_folder_others_may_write_is_not_used(base, mode):
    folder = cache_folder()
    folder.chmod(mode)
    assert cache_folder() is None


def test_a_folder_of_another_user_is_not_used(base, monkeypatch):
    cache_folder()
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert cache_folder() is None


def test_a_relative_path_or_a_file_in_the_way_is_no_cache(base, monkeypatch):
    (base / "goldloop").write_text("")
    assert cache_folder() is None
    monkeypatch.chdir(base)
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    assert cache_folder() is None
    assert not Path("here").exists()


@pytest.mark.parametrize("error", [OSError(28, "No space left"), EOFError(), KeyError("spoilt")])
def test_a_full_disk_or_a_spoilt_cache_only_costs_the_time_to_compile(base, monkeypatch, error):
    asked = []

    def compile_(_numba, _function, _types, *, cache):
        asked.append(cache)
        if cache:
            raise error
        return "loop"

    monkeypatch.setattr(loops, "_compile", compile_)
    assert loops._loop.__wrapped__("quick", ()) == "loop"
    assert asked == [True, False]


def test_numbas_own_setting_is_put_back(base, monkeypatch):
    import numba

    met = []
    monkeypatch.setattr(loops, "_compile", lambda *_, **__: met.append(numba.config.CACHE_DIR))
    before = numba.config.CACHE_DIR
    loops._loop.__wrapped__("quick", ())
    assert met == [str(base / "goldloop/kernels")]
    assert before == numba.config.CACHE_DIR
