"""Sweeps: what a zoo names, what a notebook asks, tasks on a Dask cluster, and what is left after faults."""

import errno
import os
import pickle
import signal
import time
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from insidebert.errors import InputError
from insidebert.models import loading
from insidebert.models.segments import encode_pairs
from insidebert.papers.look_at import selection, surface, syntax
from insidebert.papers.open_sesame import confusion
from insidebert.results import tables
from insidebert.results.measurements import measurements
from insidebert.results.paths import Paths
from insidebert.results.tables import written
from insidebert.results.workspace import Workspace
from insidebert.sweep import cluster as clusters
from insidebert.sweep import join, parcels, run, tasks
from insidebert.sweep.cluster import Cluster, misfit
from tests.sweep_functions import digits, layers

ROOT = Paths.find().root
CORPUS = ROOT / "corpus" / "animals.txt"

pytestmark = [
    # Dask measures its own event loop, which tests on a busy machine hold up; and it closes sockets and loops a little
    # after the cluster that they belong to.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@contextmanager
def local(**options):
    """A cluster inside this process: quick, and monkeypatched with it."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0", memory_limit=0
        ) as machines,
        Client(machines, set_as_default=False) as client,
    ):
        yield Cluster(lambda: Client(machines, set_as_default=False), client=client, say=lambda line: None, **options)


@pytest.fixture(scope="module")
def cluster():
    with local() as machines:
        yield machines


def of(starts, **settings):
    return [measurements(f"m{start}", "test", digits, [None], {"start": start} | settings, ROOT)[0] for start in starts]


def written_in(cache: Path) -> dict[str, bytes]:
    """Tables and schemas of a cache, by name; records also say when and how long."""
    files = [*cache.rglob("*.csv"), *cache.rglob("*.schema.json")]
    return {path.relative_to(cache).as_posix(): path.read_bytes() for path in files}


def contents(cache: Path) -> list[bytes]:
    """The same without names, which stand for settings."""
    return sorted(written_in(cache).values())


def undisturbed(asked, cache: Path) -> dict[str, bytes]:
    """What one machine writes, without a cluster."""
    for own in asked:
        own.keep(cache, *own.made())
    return written_in(cache)


def test_a_sweep_writes_what_one_machine_writes(cluster, tmp_path, tiny_folder):
    text = tmp_path / "text.txt"
    text.write_text("four words in here")
    names = [str(tiny_folder("bert")), f"random:{tiny_folder('bert')}#seed=3", str(tiny_folder("electra"))]
    work = Workspace("open_sesame", "11-open-sesame-probing", Paths(ROOT, "smoke", tmp_path / "one"))
    work.measure("layers", layers, names, text=text, factor=2)
    asked = measurements(
        "layers", work.notebook, layers, list(map(loading.resolve, names)), {"text": text, "factor": 2}, ROOT
    )
    asked += of([1])
    assert run.measure(asked, cluster, tmp_path / "many", ROOT) == {}
    expected = undisturbed(of([1]), work.paths.cache)
    assert written_in(tmp_path / "many") == expected and len(expected) == 3 * 2 + 2 * 2
    assert all(own.kept(work.paths.cache).about == own.kept(tmp_path / "many").about for own in asked)


@pytest.mark.parametrize("parts", [2, 3])
@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_shards_are_joined_to_the_last_byte(kind, parts, tiny_folder, monkeypatch):
    monkeypatch.setattr(surface, "encode_pairs", partial(encode_pairs, longest=60))  # what a tiny model takes
    model = loading.load(str(tiny_folder(kind)))
    trees = ROOT / "corpus" / "treebank" / "animals.conllu"
    cases = [
        (confusion.confusion, {"phenomenon": "agreement", "sentences": 12}),
        (surface.surface, {"text": CORPUS, "segments": 60}),
        (syntax.syntax, {"treebank": trees, "relations": "stanford", "least": 5}),
        (selection.selection, {"documents": trees}),
    ]
    for function, settings in cases:
        assert f"{function.__module__}.{function.__name__}" in join.SHARDED

        def measured(function=function, settings=settings):
            return {name: written(name, table) for name, table in function(model, **settings).items()}

        whole = measured()
        shards = [pickle.loads(pickle.dumps(join.of_shard(measured, part, parts))) for part in range(parts)]
        assert sum(map(len, shards)) > (function is not selection.selection), function.__name__  # batches
        with join.replayed(shards):
            assert measured() == whole, function.__name__


def test_shards_of_another_corpus_and_whole_measurements_are_refused(tiny):
    def measured(sentences):
        return confusion.confusion(tiny, "agreement", sentences)

    shards = [join.of_shard(lambda: measured(8), part, 2) for part in range(2)]
    with pytest.raises(InputError, match="another corpus"), join.replayed(shards):
        measured(6)
    with pytest.raises(InputError, match="cannot be split"):
        join.of_shard(lambda: digits(1), 0, 2)
    assert measured(4)["layers"].shape  # the loop is as it was


def test_a_split_corpus_on_a_cluster(cluster, tmp_path, tiny_folder):
    source = loading.resolve(str(tiny_folder("bert")))
    settings = {"phenomenon": "agreement", "sentences": 8}
    asked = measurements("agreement", "test", confusion.confusion, [source], settings, ROOT)
    assert run.measure(asked, cluster, tmp_path / "many", ROOT, shards=3) == {}
    assert written_in(tmp_path / "many") == undisturbed(asked, tmp_path / "one")


def test_what_fails_is_told_and_the_rest_goes_on(cluster, tmp_path):
    good, bad = of([1, 2]), of([3], fault="no such head")
    told = []
    failed = run.measure(
        [good[0], *bad, good[1]], cluster, tmp_path, ROOT, done=lambda own, why: told.append((own.name, why))
    )
    assert failed == {bad[0].key: "ValueError: no such head"}
    assert sorted(told) == [("m1", ""), ("m2", ""), ("m3", "ValueError: no such head")]
    assert all(own.kept(tmp_path) for own in good) and not bad[0].kept(tmp_path)


@pytest.mark.parametrize("stop", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_full_disk_or_a_hand_on_the_keyboard_loses_nothing(cluster, tmp_path, monkeypatch, stop):
    log, asked = tmp_path / "log", of(range(6))
    expected = undisturbed(asked, tmp_path / "one")
    logged = of(range(6), log=str(log)[1:])
    calls = []

    def write(path, text, before=tables.write_text):
        calls.append(path)
        if len(calls) == 6:
            raise stop
        before(path, text)

    with monkeypatch.context() as patch, pytest.raises(type(stop)):
        patch.setattr(tables, "write_text", write)
        run.measure(logged, cluster, tmp_path / "many", ROOT)
    left = [own for own in logged if not own.kept(tmp_path / "many")]
    assert 0 < len(left) < 6
    run.measure(left, cluster, tmp_path / "many", ROOT)
    assert list(written_in(tmp_path / "many").values()) and sorted(written_in(tmp_path / "many").values()) == sorted(
        expected.values()
    )
    assert not list(tmp_path.rglob("*.tmp"))


def test_files_that_a_worker_lacks_are_sent(cluster, tmp_path, monkeypatch, tiny_folder):
    monkeypatch.setattr(parcels, "model_cache", lambda: tmp_path / "cache" / "models")
    monkeypatch.setattr(parcels.Parcel, "here", lambda self: self._at(self.shelf))  # a worker without our disk
    text = tmp_path / "text.txt"
    text.write_text("two words")
    asked = measurements("layers", "test", layers, [loading.resolve(str(tiny_folder("bert")))], {"text": text}, ROOT)
    assert run.measure(asked, cluster, tmp_path / "many", ROOT) == {}
    assert written_in(tmp_path / "many") == undisturbed(asked, tmp_path / "one")
    sent = sorted(path.name for path in (tmp_path / "cache" / "sent").rglob("*") if path.is_file())
    assert {"text.txt", "model.safetensors", "config.json"} <= set(sent)
    monkeypatch.setattr(parcels, "LARGEST", 10)
    text.write_text("more than ten bytes")
    asked = measurements("layers", "test", layers, [loading.resolve(str(tiny_folder("bert")))], {"text": text}, ROOT)
    (reason,) = run.measure(asked, cluster, tmp_path / "many", ROOT).values()
    assert "go through the scheduler" in reason and "text.txt" in reason


def test_a_part_of_a_data_set_travels_with_its_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(parcels, "model_cache", lambda: tmp_path / "cache" / "models")
    (tmp_path / "RACE" / "middle").mkdir(parents=True)
    (tmp_path / "RACE" / "middle" / "1.txt").write_text("{}")
    own = parcels.parcel(tmp_path / "RACE#middle", ROOT)
    assert own.here() == tmp_path / "RACE#middle"
    parcels.shelve(own, own.files())
    (tmp_path / "RACE").rename(tmp_path / "gone")
    assert own.here() == own.shelf.with_name("RACE#middle") and (own.shelf / "middle" / "1.txt").exists()


def test_a_model_that_is_another_one_there_is_refused(tmp_path, tiny_folder):
    (own,) = measurements("layers", "test", layers, [loading.resolve(str(tiny_folder("bert")))], {"text": CORPUS}, ROOT)
    task = tasks.task_of(own, ROOT)
    outcome = tasks.perform(replace(task, identity=task.identity | {"revision": "abc"}), 1)
    assert "its revision differ" in outcome.failed and outcome.tables is None


def test_tables_that_were_altered_on_their_way_are_refused(tmp_path):
    outcome = tasks.perform(tasks.task_of(of([1])[0], ROOT), 1)
    text, schema = outcome.tables["rows"]
    outcome.tables["rows"] = (text.replace("True", "False"), schema)
    with pytest.raises(InputError, match="checksum"):
        tasks.tables_of(outcome)


def test_a_folder_of_this_machine_as_text_cannot_travel(cluster, tmp_path):
    asked = of([1], log="/tmp/log")
    (reason,) = run.measure(asked, cluster, tmp_path, ROOT).values()
    assert "'/tmp/log' is a folder of this machine" in reason


def test_workers_of_another_version_are_refused_by_name():
    module, code, versions = tasks.reached(of([1])[0])
    assert misfit({module: [code, versions]}) == ""
    assert "has other code behind tests.sweep_functions" in misfit({module: ["0" * 16, versions]})
    assert misfit({module: [code, versions | {"pandas": "0.1"}]}).startswith("pandas is ")
    assert "has no insidebert.no_such" in misfit({"insidebert.no_such": [code, versions]})
    with local(patience=0.0) as machines:
        machines.want([(module, "0" * 16, versions)])
        with pytest.raises(InputError, match=r"no worker of .* fits:\n.*other code behind"):
            while not machines.slots():
                time.sleep(0.01)
        (reason,) = machines.refused.values()
        assert "install the client's version" in reason
    task = tasks.task_of(of([1])[0], ROOT)
    outcome = tasks.perform(replace(task, reached=(module, "0" * 16, versions)), 1)
    assert outcome.misfit == reason and outcome.tables is None


def test_a_scheduler_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(clusters, "REACH", 0.2)
    with (
        pytest.raises(InputError, match=r"no scheduler answers at tcp://127\.0\.0\.1:9"),
        clusters.opened("tcp://127.0.0.1:9"),
    ):
        pass
    with pytest.raises(InputError, match="'much'; it takes a size such as 4GB"), clusters.opened(memory="much"):
        pass


def test_workers_are_killed_and_nothing_is_lost(tmp_path):
    log, asked = tmp_path / "log", of(range(5))
    expected = undisturbed(asked, tmp_path / "one")
    asked = of(range(5), seconds=0.2, log=str(log)[1:])
    killed = []

    def done(own, reason):
        if not killed:
            pids = machines.client.run(os.getpid, on_error="ignore")
            for victim in [*pids.values()][:1]:  # none while they are being started anew
                os.kill(victim, signal.SIGKILL)
                killed.append(victim)

    with clusters.opened(workers=2, say=lambda line: None) as machines:
        threads = machines.client.run(os.environ.get, "NUMBA_NUM_THREADS")
        assert set(threads.values()) == {"1"}
        assert run.measure(asked, machines, tmp_path / "many", ROOT, done=done) == {}
    assert killed and len(log.read_text().splitlines()) >= 5
    assert contents(tmp_path / "many") == sorted(expected.values())


def test_a_scheduler_that_comes_back_goes_on(tmp_path):
    from distributed import Client, LocalCluster

    def started():
        return LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0", memory_limit=0)

    now = [started()]
    asked = of(range(5), seconds=0.05)

    def done(own, reason):
        if own.name == "m1":
            now[0].scheduler.stop_services()
            now[0].close()
            now[0] = started()

    def connect():
        return Client(now[0].scheduler_address, set_as_default=False, timeout=5)

    machines = Cluster(connect, client=connect(), say=lambda line: None)
    assert run.measure(asked, machines, tmp_path / "many", ROOT, done=done) == {}
    machines.client.close()
    now[0].close()
    assert written_in(tmp_path / "many") == undisturbed(asked, tmp_path / "one")
