"""Stock TensorFlow programs whose service is Sluice's dispatcher, as users write them.

    python trainer.py grpc://localhost:PORT

The workers are TensorFlow's own, in this process. Where a line says `restart`, whoever started this program kills the
dispatcher and starts it again, and answers with a line. Each program that passes prints `ok` and its name.
"""

import sys
import tempfile
import threading
import time

import numpy as np
import tensorflow as tf

svc = tf.data.experimental.service
Dataset = tf.data.Dataset

# The one line that changes for a user: this named TensorFlow's own dispatcher before.
SERVICE = sys.argv[1]
ADDRESS = SERVICE.removeprefix("grpc://")


def restart_dispatcher():
    print("restart", flush=True)
    assert sys.stdin.readline().strip() == "restarted"


def start_worker():
    return svc.WorkerServer(svc.WorkerConfig(dispatcher_address=ADDRESS, heartbeat_interval_ms=100))


def distribute(dataset, mode, **options):
    return dataset.apply(svc.distribute(mode, SERVICE, **options))


def values(dataset):
    return sorted(np.concatenate([np.ravel(x) for x in dataset.as_numpy_iterator()] or [[]]).tolist())


def every_worker_everything():
    squares = Dataset.range(20).map(lambda x: x * x).batch(4)
    for compression in ("AUTO", None):
        got = values(distribute(squares, "parallel_epochs", compression=compression))
        assert got == sorted([i * i for i in range(20)] * 2), got


def divided_dynamically():
    sources = (
        (Dataset.range(100), range(100)),
        (Dataset.range(10, 0, -3), [1, 4, 7, 10]),
        (Dataset.from_tensor_slices([5, 6]), [5, 6]),
        (Dataset.range(4).concatenate(Dataset.range(50, 54)), [0, 1, 2, 3, 50, 51, 52, 53]),
        (Dataset.range(6).shuffle(6).repeat(2), [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]),
        (tf.data.experimental.from_list([1, 2, 3]), [1, 2, 3]),
    )
    for dataset, expected in sources:
        got = values(distribute(dataset, "distributed_epoch"))
        assert got == list(expected), (got, expected)
    pairs = list(distribute(Dataset.zip((Dataset.range(5), Dataset.range(5))), "distributed_epoch"))
    assert len(pairs) == 5, pairs


def undividable():
    with tempfile.TemporaryDirectory() as directory:
        try:
            list(distribute(Dataset.range(3).snapshot(directory), "distributed_epoch"))
        except tf.errors.UnimplementedError as error:
            assert "Splitting is not implemented" in error.message, error.message
        else:
            raise AssertionError("divided")


def shared_by_readers():
    readers = [iter(distribute(Dataset.range(50), "distributed_epoch", job_name="shared")) for _ in range(2)]
    got = sorted(int(x) for reader in readers for x in reader)
    assert got == list(range(50)), got


def in_rounds():
    def read(consumer, rows):
        # Pairs of neighbours, each made by one worker: the consumers get one of a pair each.
        dataset = Dataset.range(10_000).repeat()
        for x in distribute(dataset, "parallel_epochs", job_name="rounds", consumer_index=consumer,
                            num_consumers=2).take(20):
            rows.append(int(x))

    rows = [[], []]
    threads = [threading.Thread(target=read, args=(i, rows[i])) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rows[1] == [x + 1 for x in rows[0]], rows


def a_late_worker():
    dataset = Dataset.range(300).map(lambda x: x)
    reader = iter(distribute(dataset, "distributed_epoch", max_outstanding_requests=1))
    got = [int(next(reader)) for _ in range(10)]
    late = start_worker()
    got += [int(x) for x in reader]
    assert sorted(got) == list(range(300)), len(got)
    return late


def through_a_crash():
    dataset = Dataset.range(200)
    reader = iter(distribute(dataset, "distributed_epoch", job_name="crash", max_outstanding_requests=1))
    got = [int(next(reader)) for _ in range(20)]
    time.sleep(1)  # A split that is on its way to a worker at the crash is lost, as with TensorFlow's own dispatcher.
    restart_dispatcher()
    got += [int(x) for x in reader]
    assert sorted(got) == list(range(200)), len(got)
    assert values(distribute(Dataset.range(5), "distributed_epoch")) == list(range(5))


def by_id():
    dataset = Dataset.range(10).map(lambda x: {"x": x, "text": tf.strings.as_string(x)})
    svc.register_dataset(SERVICE, dataset, dataset_id="letters")
    restart_dispatcher()
    read = svc.from_dataset_id("distributed_epoch", SERVICE, "letters")
    assert read.element_spec == dataset.element_spec, read.element_spec
    got = sorted((int(row["x"]), row["text"].decode()) for row in read.as_numpy_iterator())
    assert got == [(i, str(i)) for i in range(10)], got
    try:
        svc.register_dataset(SERVICE, Dataset.range(3), dataset_id="letters")
    except tf.errors.InvalidArgumentError as error:
        assert "should have the same structure" in error.message, error.message
    else:
        raise AssertionError("registered")


def tables():
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(
            tf.constant([0, 1], tf.int64), tf.constant([10, 11], tf.int64)), -1)
    got = values(distribute(Dataset.range(3).map(table.lookup), "distributed_epoch"))
    assert got == [-1, 10, 11], got


PROGRAMS = (every_worker_everything, divided_dynamically, undividable, shared_by_readers, in_rounds, tables, by_id,
            through_a_crash, a_late_worker)


def main():
    workers = [start_worker() for _ in range(2)]
    for program in PROGRAMS:
        began = time.time()
        workers.append(program())
        print(f"ok {program.__name__} ({time.time() - began:.1f} s)", flush=True)
    print("done", flush=True)


if __name__ == "__main__":
    main()
