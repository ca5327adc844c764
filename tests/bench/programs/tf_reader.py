"""A stock reader of datasets that are registered with a dispatcher: `tf_reader.py TARGET`.

It answers each line of JSON on its standard input with one on its standard output, as `peers/tf_service.py` does.
"""

import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import tensorflow as tf  # noqa: E402  The log level must be set before.

service = tf.data.experimental.service


def throughput(target, dataset_id, mode, count):
    dataset = service.from_dataset_id(processing_mode=mode, service=target, dataset_id=dataset_id)
    checksum = 0
    taken = 0
    started = began = ended = time.perf_counter()
    for element in dataset.as_numpy_iterator():
        if taken == 0:
            began = time.perf_counter()
        flat = element.reshape(-1)
        checksum += int(flat[0]) + int(flat[-1])
        taken += 1
        if taken == count:
            ended = time.perf_counter()
    return {"count": taken, "checksum": checksum, "firstSeconds": began - started, "seconds": ended - started}


print(json.dumps({"version": tf.__version__}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    request.pop("kind")
    print(json.dumps(throughput(sys.argv[1], **request)), flush=True)
os._exit(0)
