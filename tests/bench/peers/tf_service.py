"""TensorFlow's tf.data service as a peer of the benchmarks: `dispatcher`, `worker ADDRESS` or `reader TARGET`.

Each is a process of its own. It prints one line of JSON when it is ready. A reader then answers each line of JSON
on its standard input with one on its standard output; every process ends when its standard input does.
"""

import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import tensorflow as tf  # noqa: E402  The log level must be set before.

service = tf.data.experimental.service
SHAPE = [224, 224, 3]


def tell(**fields):
    print(json.dumps(fields), flush=True)


# The workloads of workloads.ts: the pipeline, what to note of each element, and what that comes to in all.
def scalars(n):
    return tf.data.Dataset.range(n).map(lambda i: i * 2)


def strings(n):
    return tf.data.Dataset.range(n).map(lambda i: tf.strings.as_string(i, width=100, fill="0"))


def batches(n):
    return scalars(n * 256).batch(256)


def tensors(n):
    return tf.data.Dataset.range(n).map(lambda i: tf.fill(SHAPE, tf.cast(i, tf.float32)))


def large_batches(n):
    return tensors(n * 32).batch(32)


def images(n):
    return tf.data.Dataset.range(n).map(lambda i: tf.fill(SHAPE, tf.cast(i % 256, tf.uint8)))


def ends(data):
    flat = data.reshape(-1)
    return int(flat[0]) + int(flat[-1])


WORKLOADS = {
    "scalars": (scalars, int),
    "strings": (strings, lambda x: len(x) + x[-1]),
    "batches": (batches, lambda x: int(x.sum())),
    "tensors": (tensors, ends),
    "large_batches": (large_batches, ends),
    "images": (images, ends),
}


def distribute(dataset, target, mode):
    return dataset.apply(service.distribute(processing_mode=mode, service=target, compression=None))


def throughput(target, workload, mode, count):
    build, note = WORKLOADS[workload]
    dataset = distribute(build(count), target, mode)
    noted = 0
    taken = 0
    started = began = ended = time.perf_counter()
    for element in dataset.as_numpy_iterator():
        if taken == 0:
            began = time.perf_counter()
        noted += note(element)
        taken += 1
        if taken == count:
            ended = time.perf_counter()
    return {"count": taken, "checksum": noted, "firstSeconds": began - started, "seconds": ended - started}


def first(target):
    started = time.perf_counter()
    dataset = distribute(scalars(1_000), target, "parallel_epochs")
    value = next(iter(dataset)).numpy()
    return {"checksum": int(value), "seconds": time.perf_counter() - started}


def main(role, *args):
    if role == "dispatcher":
        dispatcher = service.DispatchServer(service.DispatcherConfig(port=0))
        tell(target=dispatcher.target, address=dispatcher.target.split("://")[1])
        sys.stdin.read()
    elif role == "worker":
        worker = service.WorkerServer(service.WorkerConfig(dispatcher_address=args[0]))
        tell(address=worker._address)  # It has no public name.
        sys.stdin.read()
    elif role == "reader":
        tell(version=tf.__version__)
        for line in sys.stdin:
            request = json.loads(line)
            kind = request.pop("kind")
            tell(**{"throughput": throughput, "first": first}[kind](args[0], **request))
    # Nothing is waited for: TensorFlow's servers end with their process.
    os._exit(0)


main(*sys.argv[1:])
