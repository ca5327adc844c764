"""A stock tf.data service with two workers, for read_stock.ts. Prints its target; a line on its input restarts a worker.

A stock dispatcher waits for a worker that is gone until it comes back under its address, and so do readers.
"""

import socket
import sys

import tensorflow as tf

svc = tf.data.experimental.service
Dataset = tf.data.Dataset

dispatcher = svc.DispatchServer()
address = dispatcher.target.split("://")[1]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_worker(port):
    return svc.WorkerServer(svc.WorkerConfig(dispatcher_address=address, port=port, heartbeat_interval_ms=100))


port = free_port()
workers = [start_worker(0), start_worker(port)]


def too_large(x):
    with tf.control_dependencies([tf.debugging.assert_less(x, tf.constant(3, tf.int64), message="too large")]):
        return tf.identity(x)


records = Dataset.range(5).map(
    lambda x: {
        "id": x,
        "text": tf.strings.join(["té ", tf.strings.as_string(x)]),
        "vec": tf.cast([x, 1], tf.float32),
        "pair": (tf.cast(x, tf.uint8), x > 2),
    }
)
datasets = {
    "range": Dataset.range(10),
    "records": records,
    "strings": Dataset.from_tensor_slices([["a", ""], ["b", "ü" * 100]]),
    "bytes": Dataset.from_tensors(tf.constant(b"\xff\x00")),
    "images": Dataset.range(20).map(lambda x: tf.fill([4, 3], tf.cast(x, tf.uint8))),
    "halves": Dataset.from_tensors((tf.constant([1.5, -2], tf.bfloat16), tf.constant([1.5, -2], tf.float16))),
    "ragged": Dataset.from_tensors(tf.ragged.constant([[1], [2, 3], []])),
    "failing": Dataset.range(10).map(too_large),
    "many": Dataset.range(2000),
}
for name, dataset in datasets.items():
    for compression in ("AUTO",) if name == "ragged" else (None, "AUTO"):
        suffix = "" if compression is None else "_snappy"
        svc.register_dataset(dispatcher.target, dataset, compression=compression, dataset_id=name + suffix)
print(dispatcher.target, flush=True)
for line in sys.stdin:
    workers.pop()._stop()
    workers.append(start_worker(port))
    print("restarted", flush=True)
