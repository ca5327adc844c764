"""Records what TensorFlow's own trainers and workers ask TensorFlow's own dispatcher, and what it answers.

    python3 -m venv VENV && VENV/bin/pip install tensorflow-cpu==2.21.0
    VENV/bin/python record_dispatcher.py > stock_dispatcher.json

Each scenario begins with a fresh dispatcher. Calls go through one by one, so that the order of the record is the order
of the decisions; a call that only repeats an earlier one with the same answer is left out.
"""

import base64
import contextlib
from concurrent import futures
import json
import subprocess
import sys
import threading

import grpc

if len(sys.argv) == 1:  # The proxy does without.
    import numpy as np
    import tensorflow as tf
    svc = tf.data.experimental.service
    Dataset = tf.data.Dataset

SERVICE = "/tensorflow.data.DispatcherService/"


class Proxy(grpc.GenericRpcHandler):
    """Passes calls on, one by one, and keeps them."""

    def __init__(self, target):
        self._channel = grpc.insecure_channel(target)
        self._lock = threading.Lock()
        self._all = []

    def service(self, details):
        method = details.method

        def handle(request, context):
            call = self._channel.unary_unary(
                method, request_serializer=lambda b: b, response_deserializer=lambda b: b)
            name = method.removeprefix(SERVICE)
            # The dispatcher hands tasks to workers before it answers, and they ask it something before they take them.
            with contextlib.nullcontext() if name == "GetOrCreateIteration" else self._lock:
                kept = {"method": name, "request": base64.b64encode(request).decode()}
                self._all.append(kept)
                try:
                    reply = call(request)
                    kept["reply"] = base64.b64encode(reply).decode()
                    return reply
                except grpc.RpcError as error:
                    kept["code"] = error.code().value[0]
                    kept["message"] = error.details()
                    context.abort(error.code(), error.details())

        return grpc.unary_unary_rpc_method_handler(handle)

    def calls(self):
        # Splits, jobs and clients are new with each call; a heartbeat says the same again and again.
        repetitive = ("WorkerHeartbeat", "ClientHeartbeat", "GetVersion", "GetDataServiceConfig",
                      "GetDataServiceMetadata")
        seen = set()
        calls = []
        for call in list(self._all):
            key = json.dumps(call)
            if key not in seen or call["method"] not in repetitive:
                calls.append(call)
            seen.add(key)
        return calls


def proxy_main(target):
    """A process of its own: starting a worker keeps Python's lock until the dispatcher has answered."""
    proxy = Proxy(target)
    server = grpc.server(futures.ThreadPoolExecutor(32))
    server.add_generic_rpc_handlers((proxy,))
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    sys.stdin.read()
    json.dump(proxy.calls(), sys.stdout)


class Cluster:
    """A dispatcher behind a proxy, and workers."""

    def __init__(self, num_workers, **config):
        self.dispatcher = svc.DispatchServer(svc.DispatcherConfig(**config))
        self._proxy = subprocess.Popen(
            [sys.executable, __file__, self.dispatcher.target.removeprefix("grpc://")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = f"localhost:{int(self._proxy.stdout.readline())}"
        self.service = f"grpc://{self.address}"
        self.workers = [self.worker() for _ in range(num_workers)]

    def worker(self):
        return svc.WorkerServer(
            svc.WorkerConfig(dispatcher_address=self.address, heartbeat_interval_ms=50))

    def stop(self):
        """Ends everything; returns the calls."""
        calls, _ = self._proxy.communicate()
        for worker in self.workers:
            worker._stop()
        self.dispatcher._stop()
        return json.loads(calls)


def distribute(cluster, dataset, mode, **options):
    return dataset.apply(svc.distribute(mode, cluster.service, **options))


def ints(dataset):
    return sorted(int(x) for x in dataset.as_numpy_iterator())


def basics(cluster):
    assert ints(distribute(cluster, Dataset.range(3), "parallel_epochs")) == [0, 1, 2]
    assert ints(distribute(cluster, Dataset.range(3), "parallel_epochs", compression=None)) == [0, 1, 2]
    assert ints(distribute(cluster, Dataset.range(2), "parallel_epochs").repeat(2)) == [0, 0, 1, 1]


def shared_job(cluster):
    one, two = (distribute(cluster, Dataset.range(4), "parallel_epochs", job_name="shared") for _ in range(2))
    assert ints(one) == [0, 1, 2, 3]
    assert ints(two) == []


def splits(cluster):
    for dataset in (
            Dataset.range(10, 0, -3),
            Dataset.from_tensor_slices([5, 6]),
            Dataset.from_tensors(7),
            Dataset.range(2).concatenate(Dataset.range(5, 7)),
            Dataset.zip((Dataset.range(2), Dataset.range(3))).map(lambda x, y: y),
            Dataset.range(2).repeat(2),
            tf.data.experimental.from_list([1, 2]),
            Dataset.range(2).enumerate().map(lambda i, x: x),
            Dataset.choose_from_datasets([Dataset.range(2), Dataset.range(2)], Dataset.range(2))):
        distribute_all = distribute(cluster, dataset, "distributed_epoch")
        print(ints(distribute_all), file=sys.stderr)


def indivisible(cluster):
    try:
        ints(distribute(cluster, Dataset.range(3).snapshot("/tmp/none"), "distributed_epoch"))
        raise AssertionError("divided")
    except tf.errors.UnimplementedError as error:
        print(error.message, file=sys.stderr)


def dataset_ids(cluster):
    register = lambda dataset, **options: svc.register_dataset(cluster.service, dataset, **options)
    register(Dataset.range(3), dataset_id="mine")
    register(Dataset.range(3), dataset_id="mine")
    named = lambda x: {"b": x, "a": (x, [x])}
    register(Dataset.range(3).map(named), dataset_id="nested")
    register(Dataset.range(3).map(named), dataset_id="nested")
    for dataset in (Dataset.range(4).map(str_of), Dataset.range(4).batch(2)):
        try:
            register(dataset, dataset_id="mine")
            raise AssertionError("registered")
        except tf.errors.InvalidArgumentError as error:
            print(error.message, file=sys.stderr)
    register(Dataset.range(3))
    assert ints(svc.from_dataset_id("parallel_epochs", cluster.service, "mine")) == [0, 1, 2]
    try:
        ints(svc.from_dataset_id(
            "parallel_epochs", cluster.service, "none", element_spec=tf.TensorSpec([], tf.int64)))
        raise AssertionError("found")
    except tf.errors.NotFoundError as error:
        print(error.message, file=sys.stderr)


def str_of(x):
    return tf.strings.as_string(x)


def other_parameters(cluster):
    infinite = Dataset.range(4).repeat()
    cache = svc.CrossTrainerCache("trainer")
    first = distribute(cluster, infinite, "parallel_epochs", job_name="job", cross_trainer_cache=cache)
    next(iter(first))
    for mode, options in (
            ("distributed_epoch", {"cross_trainer_cache": cache}),
            ("parallel_epochs", {}),
            ("parallel_epochs", {"cross_trainer_cache": cache, "target_workers": "ANY"})):
        try:
            next(iter(distribute(cluster, infinite, mode, job_name="job", **options)))
            raise AssertionError("joined")
        except tf.errors.InvalidArgumentError as error:
            print(error.message, file=sys.stderr)


def coordinated(cluster):
    def read(consumer):
        dataset = distribute(
            cluster, Dataset.range(1_000_000).repeat(), "parallel_epochs", job_name="rounds",
            consumer_index=consumer, num_consumers=2, compression=None)
        return [int(x) for x in dataset.take(5).as_numpy_iterator()]

    with futures.ThreadPoolExecutor(2) as threads:
        rows = list(threads.map(read, range(2)))
    assert rows[1] == [x + 1 for x in rows[0]], rows


def tables(cluster):
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(np.array([0, 1], np.int64), np.array([10, 11], np.int64)), -1)
    assert ints(distribute(cluster, Dataset.range(3).map(table.lookup), "parallel_epochs")) == [-1, 10, 11]


def static(cluster):
    for policy in (svc.ShardingPolicy.DATA, svc.ShardingPolicy.FILE_OR_DATA):
        assert ints(distribute(cluster, Dataset.range(6), policy)) == list(range(6))


def no_list(cluster):
    try:
        ints(distribute(cluster, Dataset.range(6), svc.ShardingPolicy.DATA))
        raise AssertionError("divided")
    except tf.errors.NotFoundError as error:
        print(error.message, file=sys.stderr)


SCENARIOS = (
    (basics, 1, {}),
    (shared_job, 1, {}),
    (splits, 1, {}),
    (indivisible, 1, {}),
    (dataset_ids, 1, {}),
    (other_parameters, 1, {}),
    (coordinated, 2, {}),
    (tables, 1, {}),
    (static, 2, {"worker_addresses": ["localhost", "localhost:%port%"]}),
    (no_list, 1, {}),
)


def main():
    record = []
    for run, num_workers, config in SCENARIOS:
        print(run.__name__, file=sys.stderr)
        cluster = Cluster(num_workers, **config)
        run(cluster)
        record.append({"name": run.__name__, "config": config, "calls": cluster.stop()})
    json.dump(record, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    proxy_main(sys.argv[1]) if len(sys.argv) > 1 else main()
