"""A manifest says what a candidate was made of and by what, without a secret, and only its own is believed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.checks.samples import good_evidence
from tests.support import small_model
from trading.canonical import parse_json
from trading.checks.evidence import LiveRecord
from trading.errors import RegistryError
from trading.gates.verdict import judge
from trading.model.bundle import Bundle, write_bundle
from trading.model.lineage import Lineage
from trading.night.artifacts import LIVE_RECORD
from trading.night.checkout import CheckoutState, checkout_state
from trading.night.manifest import (
    Machine,
    NightManifest,
    StageRun,
    read_manifest,
    stage_run,
    this_machine,
    write_beside,
)
from trading.night.memory import once
from trading.night.outcome import Champion, ChampionSnapshot
from trading.night.plan import code_version
from trading.night.reproduction import (
    RebuiltCandidate,
    carried_snapshot,
    compare_nights,
    differing_inputs,
    manifest_of_version,
    repeated_night,
    require_same_inputs,
)
from trading.night.review import ChosenBundle
from trading.night.workspace import open_night
from trading.settings.models import GateSpec, MarketSpec, RuntimeSpec, SevengatesSettings
from trading.store import Ref, Store
from trading.store.kind import json_kind

AS_OF = 1_638_316_800_000
SETTINGS = SevengatesSettings(runtime=RuntimeSpec(home="elsewhere", tracking_uri="http://registry", seed=11))
STAGES = (
    StageRun(stage="load", outputs={"bars": "a" * 64, "load-report": "b" * 64}, wall_s=2.0, cpu_s=1.0, reused=True),
    StageRun(stage="engine", outputs={"model": "c" * 64}, wall_s=3.0, cpu_s=2.5),
    StageRun(stage="bundle", outputs={"bundle": "d" * 64}, wall_s=0.5, cpu_s=0.5),
)


def manifest_of(bundle_digest: str = "e" * 64, settings: SevengatesSettings = SETTINGS) -> NightManifest:
    plan = open_night(settings, "SIM", str(AS_OF)).plan
    return NightManifest(
        bundle_digest=bundle_digest,
        model_name=plan.model_name,
        engine="regimes",
        night_key=plan.key,
        settings=plan.settings.model_dump(mode="json", exclude={"live": True, "runtime": {"tracking_token"}}),
        lineage=Lineage(
            symbol="SIM", interval="1h", as_of_ms=AS_OF, data={"source": plan.source}, code=plan.code, seeds=plan.seeds
        ),
        champion=ChampionSnapshot().model_dump(mode="json"),
        checkout=CheckoutState(commit="f" * 40),
        stages=STAGES,
        machine=this_machine(),
        made_at="2026-01-01T00:00:00+00:00",
    )


def rebuilt(*stages: StageRun, digest: str = "e" * 64) -> RebuiltCandidate:
    return RebuiltCandidate(engine="regimes", bundle_digest=digest, stages=stages)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    evidence = good_evidence()
    verdict = judge(evidence, GateSpec().model_dump()).as_json()
    return write_bundle(
        tmp_path / "one",
        small_model(),
        Lineage(symbol="SIM", interval="1h", as_of_ms=AS_OF),
        evidence.as_json(),
        verdict,
        "",
    )


def test_a_manifest_is_read_back_and_holds_neither_secret_nor_address() -> None:
    manifest = manifest_of()
    assert read_manifest(manifest.as_bytes(), "it") == manifest
    assert b"registry" not in manifest.as_bytes()
    assert "tracking_token" not in manifest.settings["runtime"]
    assert manifest.settings["runtime"]["seed"] == 11


def test_what_was_taken_from_memory_cost_the_night_nothing() -> None:
    assert (manifest_of().wall_s, manifest_of().cpu_s) == (3.5, 3.0)


@pytest.mark.parametrize("data", [b"{}", b"no json", b'{"schema_version": 2}'])
def test_what_is_no_manifest_is_refused(data: bytes) -> None:
    with pytest.raises(RegistryError, match="MANIFEST_INVALID"):
        read_manifest(data, "it")


def test_the_outputs_of_a_stage_are_its_references_by_kind() -> None:
    output = {"model_ref": {"kind": "model", "digest": "1" * 64}, "rest": [{"kind": "x", "digest": "2" * 64}, 3]}
    assert stage_run("s", output, wall_s=None, cpu_s=None, reused=False).outputs == {"model": "1" * 64, "x": "2" * 64}


def test_a_stages_memory_keeps_what_its_work_took(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def work() -> int:
        return sum(range(300_000))

    first = once(store, "s", {"n": 1}, work, output_type=int)
    again = once(store, "s", {"n": 1}, work, output_type=int)
    assert first.cost is not None
    assert first.cost.wall_s > 0.0
    assert first.cost.cpu_s > 0.0
    assert (again.fresh, again.cost, again.json) == (False, first.cost, first.output)


def test_the_state_of_a_checkout_is_its_commit_and_a_digest_of_every_change(tmp_path: Path) -> None:
    def git(*words: str) -> str:
        named = ("-c", "user.name=t", "-c", "user.email=t@t")
        return subprocess.run(["git", *named, *words], cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    def state() -> CheckoutState:
        checkout_state.cache_clear()
        return checkout_state(tmp_path)

    assert state() == CheckoutState()
    git("init", "-q")
    (tmp_path / "a.py").write_text("1\n")
    git("add", "a.py")
    git("commit", "-q", "-m", "one")
    clean = state()
    assert clean == CheckoutState(commit=git("rev-parse", "HEAD").strip())
    (tmp_path / "a.py").write_text("2\n")
    changed = state()
    (tmp_path / "b.py").write_text("3\n")
    added = state()
    assert changed.commit == added.commit == clean.commit
    assert len({changed.dirty, added.dirty, ""}) == 3
    checkout_state.cache_clear()


def test_this_machine_is_named() -> None:
    machine = this_machine()
    assert isinstance(machine, Machine)
    assert machine.cores >= 1


def test_the_first_stage_that_gives_something_else_is_named() -> None:
    manifest = manifest_of()
    changed = STAGES[1].model_copy(update={"outputs": {"model": "0" * 64}})
    assert compare_nights(manifest, rebuilt(*STAGES)).same
    found = compare_nights(manifest, rebuilt(STAGES[0], changed, STAGES[2]))
    assert (found.same, found.first_difference) == (False, "engine")
    assert compare_nights(manifest, rebuilt(*STAGES[:2])).first_difference == "bundle"
    extra = StageRun(stage="more", outputs={})
    assert compare_nights(manifest, rebuilt(*STAGES, extra)).first_difference == "more"


def test_a_bundle_of_another_digest_is_not_reproduced_whatever_the_stages_say() -> None:
    assert not compare_nights(manifest_of(), rebuilt(*STAGES, digest="0" * 64)).same


def test_the_name_of_the_file_does_not_count_as_data() -> None:
    moved = STAGES[0].model_copy(update={"outputs": {"bars": "a" * 64, "load-report": "0" * 64}})
    assert compare_nights(manifest_of(), rebuilt(moved, *STAGES[1:])).same


def test_a_night_is_repeated_with_its_own_settings_in_a_home_of_its_own(tmp_path: Path) -> None:
    manifest = manifest_of()
    night = repeated_night(manifest, tmp_path, workers=3)
    assert (night.plan.key, night.workers, night.runtime.home) == (manifest.night_key, 3, str(tmp_path))
    assert differing_inputs(manifest, night.plan) == []


def test_other_data_and_other_code_are_told_apart_and_refused(tmp_path: Path) -> None:
    manifest = manifest_of()
    night = repeated_night(manifest, tmp_path, workers=1, source="sim:edge=0")
    (data,) = differing_inputs(manifest, night.plan)
    assert data.startswith("the data of source have digest ")
    lineage = manifest.lineage.model_copy(update={"code": "0" * 64, "libraries": {"numpy": "1.0"}})
    other = manifest.model_copy(update={"lineage": lineage})
    found = differing_inputs(other, repeated_night(other, tmp_path, workers=1).plan)
    assert len(found) == 1
    assert "numpy" in found[0]
    assert f"the code has digest {code_version()[:12]}, and had 000000000000" in found[0]
    with pytest.raises(RegistryError, match=r"REPRODUCTION_INPUTS.*commit ffffffffffff"):
        require_same_inputs(other, [data, *found])


def test_settings_of_another_release_say_which_commit_reads_them(tmp_path: Path) -> None:
    settings = {**manifest_of().settings, "gates": {"min_grace": 1.0}}
    with pytest.raises(RegistryError, match=r"MANIFEST_INVALID.*gates.min_grace.*commit ffffffffffff"):
        repeated_night(manifest_of().model_copy(update={"settings": settings}), tmp_path, workers=1)


def test_the_champion_that_was_met_is_met_again_with_its_live_record(bundle: Bundle, tmp_path: Path) -> None:
    there, here = Store(tmp_path / "there"), Store(tmp_path / "here")
    live = good_evidence().live
    assert isinstance(live, LiveRecord)
    model_ref: Ref[object] = there.put(json_kind("model"), {"some": "model"})
    live_ref = Store(tmp_path / "third").put(LIVE_RECORD, live)
    champion = Champion(version=3, bundle_digest="9" * 64, as_of_ms=1, model_ref=model_ref)  # pyright: ignore[reportArgumentType]
    snapshot = ChampionSnapshot(champion=champion, live_ref=live_ref)
    manifest = manifest_of().model_copy(update={"champion": snapshot.model_dump(mode="json")})
    assert carried_snapshot(manifest, bundle, there, here) == snapshot
    assert here.holds(model_ref.digest)
    assert here.get(LIVE_RECORD, live_ref) == live


def test_a_manifest_lies_beside_its_folder_and_is_held_to_its_bundle(bundle: Bundle) -> None:
    chosen, runtime = ChosenBundle(bundle, "", None), RuntimeSpec()
    with pytest.raises(RegistryError, match="MANIFEST_MISSING"):
        manifest_of_version(runtime, chosen)
    path = write_beside(bundle.folder, manifest_of(bundle.digest))
    assert path.parent == bundle.folder.parent
    assert manifest_of_version(runtime, chosen).bundle_digest == bundle.digest
    path.write_bytes(manifest_of("0" * 64).as_bytes())
    with pytest.raises(RegistryError, match=r"MANIFEST_INVALID.*is of bundle 000000000000"):
        manifest_of_version(runtime, chosen)


def test_a_market_in_a_file_is_named_as_the_settings_named_it(tmp_path: Path) -> None:
    market = MarketSpec(source=f"csv:{tmp_path}/x.csv")
    (tmp_path / "x.csv").write_text("ts,open,high,low,close,volume\n")
    manifest = manifest_of(settings=SevengatesSettings(market=market))
    assert parse_json(manifest.as_bytes())["settings"]["market"]["source"] == market.source
