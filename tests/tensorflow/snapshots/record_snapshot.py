"""Records what TensorFlow's own worker asks TensorFlow's own dispatcher while they save a dataset together.

    python3 -m venv VENV && VENV/bin/pip install tensorflow-cpu==2.21.0
    VENV/bin/python record_snapshot.py > stock_snapshot.json

Beside the calls, each with its request and reply in base64, are the files that the dispatcher and the worker have
left. The saved dataset has two sources of unequal lengths and is repeated.
"""

import base64
from concurrent import futures
import json
import os
import subprocess
import sys
import tempfile
import threading
import time

import grpc
import tensorflow as tf

SERVICE = "/tensorflow.data.DispatcherService/"
RECORDED = ("Snapshot", "GetSnapshotSplit", "WorkerHeartbeat")

# What stands in the recording for the directory that it was made in.
NEUTRAL_ROOT = "/shared/recorded/all"


class Proxy(grpc.GenericRpcHandler):
    """Passes calls on and keeps those that matter."""

    def __init__(self, target):
        self._channel = grpc.insecure_channel(target)
        self._lock = threading.Lock()
        self.calls = []

    def service(self, details):
        method = details.method

        def handle(request, context):
            call = self._channel.unary_unary(
                method, request_serializer=lambda b: b, response_deserializer=lambda b: b)
            try:
                reply = call(request)
            except grpc.RpcError as error:
                context.abort(error.code(), error.details())
            name = method.removeprefix(SERVICE)
            if name in RECORDED:
                with self._lock:
                    self.calls.append((name, request, reply))
            return reply

        return grpc.unary_unary_rpc_method_handler(handle)


def neutral(content, root):
    """Bytes in base64, with a directory in the place of this machine's: of one length, which is written before it."""
    return base64.b64encode(content.replace(root.encode(), NEUTRAL_ROOT.encode())).decode()


def main():
    service = tf.data.experimental.service
    root = tempfile.mkdtemp(prefix="record_", dir="/tmp")
    assert len(root) == len(NEUTRAL_ROOT)
    path = os.path.join(root, "snapshot")
    dispatcher = service.DispatchServer(
        service.DispatcherConfig(work_dir=root, fault_tolerant_mode=True))
    proxy = Proxy(dispatcher.target.removeprefix("grpc://"))
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
    server.add_generic_rpc_handlers((proxy,))
    port = server.add_insecure_port("localhost:0")
    server.start()
    address = f"localhost:{port}"
    # A process of its own: the start of a worker waits for calls that this one has to pass on.
    worker = subprocess.Popen([sys.executable, __file__, address])
    dataset = tf.data.Dataset.zip(
        (tf.data.Dataset.range(1, 7, 2), tf.data.Dataset.from_tensor_slices(["a", "b"]))).repeat(2)
    tf.data.experimental.distributed_save(dataset, path, address)
    while not os.path.exists(os.path.join(path, "DONE")):
        time.sleep(0.1)
    files = {}
    for directory, _, names in os.walk(path):
        for name in names:
            full = os.path.join(directory, name)
            with open(full, "rb") as file:
                files[os.path.relpath(full, path)] = neutral(file.read(), root)
    print(json.dumps({
        "path": path.replace(root, NEUTRAL_ROOT),
        "calls": [{
            "method": name,
            "request": neutral(request, root),
            "reply": neutral(reply, root),
        } for name, request, reply in proxy.calls],
        "files": files,
    }, indent=1))
    worker.kill()
    server.stop(None)


def work(address):
    service = tf.data.experimental.service
    service.WorkerServer(
        service.WorkerConfig(dispatcher_address=address, heartbeat_interval_ms=100)).join()


if __name__ == "__main__":
    work(sys.argv[1]) if len(sys.argv) > 1 else main()
