from pathlib import Path

import pytest
import yaml

from ml.errors import UsageError
from orchestration.profile import write_profile


@pytest.fixture(autouse=True)
def _no_profile_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DBT_PROFILES_DIR", raising=False)


def write(folder: Path, profile: str | None) -> dict[str, object]:
    (folder / "dbt_project.yml").write_text("name: p\nprofile: shop\n")
    if profile is not None:
        (folder / "profiles.yml").write_text(profile)
    write_profile(folder, folder / "out", Path("/data/candidate/warehouse.duckdb"))
    return yaml.safe_load((folder / "out" / "profiles.yml").read_text())


def test_the_projects_own_settings_are_kept_and_only_the_file_is_set(tmp_path: Path) -> None:
    written = write(
        tmp_path,
        "shop: {target: prod, outputs: {dev: {type: duckdb}, prod: {type: duckdb, path: a.duckdb, "
        "threads: 3, settings: {x: '{{ env_var(\"SECRET\") }}'}}}}",
    )
    output = {
        "type": "duckdb",
        "path": "/data/candidate/warehouse.duckdb",
        "threads": 3,
        "settings": {"x": '{{ env_var("SECRET") }}'},
        "plugins": [{"module": "orchestration.dbt_plugin"}],
    }
    assert written == {"shop": {"target": "prod", "outputs": {"prod": output}}}


def test_the_projects_own_plugins_stay_and_ours_is_named_once(tmp_path: Path) -> None:
    own = "[{module: excel}, {module: orchestration.dbt_plugin, alias: ours}]"
    written = write(
        tmp_path, f"shop: {{target: a, outputs: {{a: {{type: duckdb, plugins: {own}}}}}}}"
    )
    plugins = written["shop"]["outputs"]["a"]["plugins"]  # type: ignore[index]
    assert plugins == [{"module": "excel"}, {"module": "orchestration.dbt_plugin", "alias": "ours"}]


def test_a_project_without_a_profile_gets_a_plain_one(tmp_path: Path) -> None:
    written = write(tmp_path, None)
    assert written["shop"]["outputs"]["dev"]["type"] == "duckdb"  # type: ignore[index]


def test_a_target_written_in_jinja_falls_back_on_the_first_output(tmp_path: Path) -> None:
    written = write(
        tmp_path, "shop: {target: \"{{ env_var('T') }}\", outputs: {one: {type: duckdb}}}"
    )
    assert written["shop"]["target"] == "one"  # type: ignore[index]


def test_a_profile_of_another_database_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'shop'.*'postgres'.*'dev'.*allowed: duckdb"):
        write(tmp_path, "shop: {target: dev, outputs: {dev: {type: postgres}}}")


def test_a_project_file_that_is_not_yaml_is_named(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: [")
    with pytest.raises(UsageError, match=r"dbt_project.yml is not YAML"):
        write_profile(tmp_path, tmp_path / "out", Path("x"))


def test_an_unchanged_profile_keeps_its_time_so_that_dbt_need_not_parse_again(
    tmp_path: Path,
) -> None:
    write(tmp_path, None)
    before = (tmp_path / "out" / "profiles.yml").stat().st_mtime_ns
    write(tmp_path, None)
    assert (tmp_path / "out" / "profiles.yml").stat().st_mtime_ns == before
