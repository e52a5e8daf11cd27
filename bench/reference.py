"""Scores one sensor as the reference architecture does, with today's libraries: a baseline for benchmarks.

It runs one process per sensor, which downloads the readings of all sensors, keeps those of its own device,
tag and hour, unpickles the model blob, predicts, and uploads a CSV: ``python bench/reference.py DEVICE TAG
FROM UNTIL``, with the account's connection string in ``STORAGE``.
"""

from __future__ import annotations

import io
import os
import pickle
import sys

import numpy as np
import pandas as pd
import sklearn.svm  # noqa: F401  # what the pickle needs
from azure.storage.blob import BlobServiceClient


def main(device: str, tag: str, start: str, end: str) -> None:
    """Score a sensor's readings from ``start`` on and before ``end``."""
    service = BlobServiceClient.from_connection_string(os.environ["STORAGE"])
    data = service.get_blob_client("reference", "data.csv").download_blob().readall()
    frame = pd.read_csv(io.BytesIO(data), parse_dates=["TS"], dtype={"Device": str, "Tag": str})
    of_hour = frame[(frame.Device == device) & (frame.Tag == tag) & (start <= frame.TS) & (end > frame.TS)]
    pickled = service.get_blob_client("reference", f"{device}_{tag}.pkl").download_blob().readall()
    model = pickle.loads(pickled)  # noqa: S301  # that it does so is part of what it is
    labels = model.predict(np.array(of_hour.Value).reshape(-1, 1))
    text = of_hour.assign(Prediction=(labels == -1).astype(int)).to_csv(index=False)
    service.get_blob_client("reference", f"{device}_{tag}.csv").upload_blob(text, overwrite=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
