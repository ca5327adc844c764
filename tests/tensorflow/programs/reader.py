"""Stock TensorFlow programs that read Sluice's datasets from Sluice's workers, as users write them.

    python reader.py grpc://localhost:PORT

read_sluice.ts registers the datasets, starts two workers, and answers the lines that this program writes: `restart`
kills the dispatcher and starts it again, `kill` kills a worker. Each program that passes prints `ok` and its name.
"""

import sys
import threading

import numpy as np
import tensorflow as tf

svc = tf.data.experimental.service
SERVICE = sys.argv[1]
WORKERS = 2


def ask(what):
    print(what, flush=True)
    assert sys.stdin.readline().strip() == what


def read(dataset_id, mode="parallel_epochs", **options):
    return svc.from_dataset_id(mode, SERVICE, dataset_id, **options)


def ints(dataset):
    return sorted(int(x) for x in dataset.as_numpy_iterator())


def scalars_and_epochs():
    assert read("ints").element_spec == tf.TensorSpec([], tf.int64)
    assert read("numbers").element_spec == tf.TensorSpec([], tf.float64)
    assert ints(read("ints")) == sorted(list(range(10)) * WORKERS)
    assert [len(list(read("ints").repeat(k))) for k in (1, 2)] == [20, 40]


def structures():
    dataset = read("dictionary", "distributed_epoch")
    assert dataset.element_spec == {
        "flag": tf.TensorSpec([], tf.bool),
        "id": tf.TensorSpec([], tf.int64),
        "image": tf.TensorSpec([2, 3], tf.uint8),
        "text": tf.TensorSpec([], tf.string),
        "vec": tf.TensorSpec([3], tf.float32),
    }, dataset.element_spec
    elements = sorted(dataset.as_numpy_iterator(), key=lambda element: element["id"])
    assert [element["text"].decode() for element in elements] == [f"té {i}" for i in range(5)]
    assert [element["flag"] for element in elements] == [True, False, True, False, True]
    assert elements[3]["vec"].tolist() == [3, 0.5, -1]
    assert elements[3]["image"].tolist() == [[3, 3, 3], [3, 3, 3]]


def tuples_and_batches():
    pairs = read("pairs", "distributed_epoch")
    assert pairs.element_spec == (tf.TensorSpec([], tf.float64), tf.TensorSpec([], tf.string)), pairs.element_spec
    assert sorted(pairs.as_numpy_iterator()) == [(0, b"a"), (1, b"b"), (2, b"c")]
    batches = read("batches", "distributed_epoch")
    assert batches.element_spec["word"] == tf.TensorSpec([None], tf.string), batches.element_spec
    assert sorted(x for batch in batches.as_numpy_iterator() for x in batch["x"]) == list(range(10))


def in_a_function_of_the_graph():
    @tf.function
    def total(dataset):
        return dataset.reduce(tf.constant(0, tf.int64), lambda sum, x: sum + x)

    assert int(total(read("ints", "distributed_epoch"))) == 45


def shared_by_readers():
    readers = [iter(read("ints", "distributed_epoch", job_name="shared")) for _ in range(2)]
    assert sorted(int(x) for reader in readers for x in reader) == list(range(10))


def read_in_step():
    got = {}

    def consume(index):
        dataset = read("endless", job_name="steps", consumer_index=index, num_consumers=2)
        got[index] = [int(x) for x in dataset.take(20)]

    threads = [threading.Thread(target=consume, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(b - a == 1 for a, b in zip(got[0], got[1])), got


def cached_for_trainers():
    for trainer in ("one", "two"):
        dataset = read("endless", job_name="cached", cross_trainer_cache=svc.CrossTrainerCache(trainer))
        assert len(list(dataset.take(5))) == 5


def errors():
    def fails(Error, message, run):
        try:
            run()
        except Error as error:
            assert message in str(error), error
        else:
            raise AssertionError(f"no error: {message}")

    spec = tf.TensorSpec([], tf.float64)
    fails(tf.errors.InternalError, "boom at three", lambda: list(read("broken")))
    fails(tf.errors.NotFoundError, "no-such-file", lambda: list(read("missing", element_spec=tf.TensorSpec([], tf.string))))
    fails(tf.errors.NotFoundError, "register_dataset", lambda: read("unknown", element_spec=spec))
    fails(tf.errors.InvalidArgumentError, "Incompatible shapes", lambda: list(read("ints", element_spec=tf.TensorSpec([2], tf.int64))))
    fails(ValueError, "TensorFlow cannot hold the element of this dataset: it is null", lambda: read("nulls"))
    fails(ValueError, "must be specified", lambda: read("nothing"))
    assert list(read("nothing", element_spec=spec)) == []


def large_tensors():
    dataset = read("large", "distributed_epoch")
    assert sorted(float(x[-1]) for x in dataset) == list(range(50))


def restarted_dispatcher():
    reader = iter(read("many", "distributed_epoch"))
    got = [int(next(reader)) for _ in range(10)]
    ask("restart")
    got += [int(x) for x in reader]
    assert len(got) == len(set(got)), "an element came twice"
    assert sorted(got) == list(range(3000)), len(got)


def lost_worker():
    reader = iter(read("many"))
    got = [int(next(reader)) for _ in range(10)]
    ask("kill")
    got += [int(x) for x in reader]
    assert all(got.count(i) in (1, 2) for i in range(3000)), "an element of the other worker is missing"


PROGRAMS = [
    scalars_and_epochs,
    structures,
    tuples_and_batches,
    in_a_function_of_the_graph,
    shared_by_readers,
    read_in_step,
    cached_for_trainers,
    errors,
    large_tensors,
    restarted_dispatcher,
    lost_worker,
]

for program in PROGRAMS:
    program()
    print("ok", program.__name__.replace("_", " "), flush=True)
print("done", flush=True)
