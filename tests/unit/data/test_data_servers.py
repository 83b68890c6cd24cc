from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import servers


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "CACHE", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("FARANDOLE_REQUIRE", raising=False)


@pytest.mark.usefixtures("bare_machine")
def test_without_go_the_real_server_is_skipped_with_the_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(pytest.skip.Exception, match="no Go compiler here"):
        servers.required_minio()

    assert servers.main(["minio"]) == 0
    assert "the tests against the real server are skipped" in capsys.readouterr().out


@pytest.mark.usefixtures("bare_machine")
def test_where_go_must_be_there_its_absence_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARANDOLE_REQUIRE", "horovod,go")

    with pytest.raises(pytest.fail.Exception, match="no Go compiler here"):
        servers.required_minio()
    assert servers.main(["minio"]) == 1


@pytest.mark.usefixtures("bare_machine")
def test_a_server_that_was_built_before_needs_no_go(tmp_path: Path) -> None:
    built = tmp_path / servers.build_name("minio")
    built.touch()

    assert servers.required_minio() == built
    assert servers.main(["minio"]) == 0
