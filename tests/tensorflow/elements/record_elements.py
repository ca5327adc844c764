"""Records what a stock tf.data service sends, for stock_elements.json.

Run with a Python that has tensorflow-cpu 2.21: python record_elements.py > stock_elements.json
"""

import json
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import grpc
import numpy as np
import tensorflow as tf

service = tf.data.experimental.service


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value)


def message(field, value):
    return varint(field << 3 | 2) + varint(len(value)) + value


def fields(data):
    """Numbers and bytes of the fields of a message, by their number."""
    found, at = {}, 0

    def read():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        tag = read()
        if tag & 7 == 0:
            value = read()
        else:
            length = read()
            value = data[at : at + length]
            at += length
        found.setdefault(tag >> 3, []).append(value)
    return found


def call(address, method, request):
    raw = lambda value: value
    with grpc.insecure_channel(address) as channel:
        return channel.unary_unary(
            f"/tensorflow.data.{method}", request_serializer=raw, response_deserializer=raw
        )(request)


def record(dispatcher, name, dataset, compression):
    address = dispatcher.target.split("://")[1]
    service.register_dataset(dispatcher.target, dataset, compression=compression, dataset_id=name)
    ask = lambda method, request: call(address, f"DispatcherService/{method}", request)
    metadata = fields(ask("GetDataServiceMetadata", message(1, name.encode())))[1][0]
    job = fields(ask("GetOrCreateJob", message(1, name.encode()) + message(2, b"")))[1][0]
    client = fields(ask("GetOrCreateIteration", number(1, job) + number(2, 0)))[1][0]
    task = fields(fields(ask("ClientHeartbeat", number(1, client)))[1][0])
    worker = fields(task[8][0])[2][0].decode()
    elements = []
    while True:
        reply = call(worker, "WorkerService/GetElement", number(1, task[2][0]))
        if 2 in fields(reply):
            break
        elements.append(reply.hex())
    ask("ReleaseIterationClient", number(1, client))
    return {"name": name, "metadata": metadata.hex(), "elements": elements}


def datasets():
    D = tf.data.Dataset
    yield "range", D.range(3)
    yield "nested", D.from_tensors(
        {"text": "日æ", "id": np.int64(-5), "vec": np.float32([0.5, -1]), "pair": (True, {"z": np.uint8(1), "a": 2.5})}
    )
    numbers = {}
    for t in "int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 bfloat16 float32 float64".split():
        numbers[t] = tf.cast(tf.constant([[1, 2], [3, 100]]), t)
        numbers[t + "_scalar"] = tf.cast(tf.constant(7), t)
    yield "numbers", D.from_tensors(numbers)
    yield "bools", D.from_tensors((tf.constant([True, False]), tf.constant([[True]])))
    yield "strings", D.from_tensors((tf.constant(["a", "", "b" * 200]), tf.constant([["x", "y"]]), tf.constant([], tf.string)))
    yield "bytes", D.from_tensors(tf.constant(b"\xff\x00"))
    yield "empty", D.from_tensors(tf.zeros([0, 3], tf.float32))
    yield "unknown", D.range(1, 4).map(lambda n: tf.fill([n], n))
    yield "ragged_rows", D.from_tensor_slices(tf.ragged.constant([[1], [2, 3], []]))
    yield "ragged", D.from_tensors(tf.ragged.constant([[[1], [2, 3]], [], [[4]]]))


def main():
    dispatcher = service.DispatchServer()
    address = dispatcher.target.split("://")[1]
    worker = service.WorkerServer(service.WorkerConfig(dispatcher_address=address, heartbeat_interval_ms=100))
    recorded = []
    for name, dataset in datasets():
        for compression in (None, "AUTO"):
            if compression is None and name == "ragged":
                continue
            try:
                recorded.append(record(dispatcher, f"{name}_{compression}", dataset, compression))
            except grpc.RpcError as error:
                recorded.append({"name": f"{name}_{compression}", "error": [error.code().value[0], error.details()]})
    print(json.dumps(recorded, indent=1))
    del worker


main()
