# The simulated fleet of docker-compose.yaml. It trains with the scorer's environment, which is mounted.
# Build context: the repository's root.
ARG BASE_IMAGE=python:3.12-slim-bookworm
FROM ${BASE_IMAGE}

ENV PATH=/opt/demo/bin:${PATH} \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PYTHONUNBUFFERED=1

# A named volume takes over the owner of the folder it first covers.
RUN useradd --uid 50002 --gid 0 --no-create-home --shell /usr/sbin/nologin demo \
    && install -d -o demo -g 0 -m 0770 /var/lib/demo

# The few packages it needs, with their hashes, out of the project's lock.
COPY requirements.txt /opt/requirements/project.txt
# A mirror of packages: `--build-arg PIP_INDEX_URL=...`. An image remembers its build arguments, so no password in it.
ARG PIP_INDEX_URL
RUN awk '/^[a-z0-9]/ { wanted = /^(anyio|azure-core|azure-storage-blob|certifi|cffi|charset-normalizer|croniter|cryptography|h11|httpcore|httpx|idna|isodate|psutil|pycparser|python-dateutil|requests|typing-extensions|tzdata|urllib3)==/ } wanted' \
        /opt/requirements/project.txt > /opt/requirements/demo.txt \
    && python3 -m venv /opt/demo \
    && /opt/demo/bin/pip install --require-hashes -r /opt/requirements/demo.txt

COPY plugins /opt/demo/src
COPY ingest /opt/demo/src/ingest
COPY local_stack/*.py /opt/demo/src/local_stack/
COPY local_stack/airflow /opt/demo/src/local_stack/airflow
COPY local_stack/fleet /opt/demo/src/local_stack/fleet
COPY local_stack/services /opt/demo/src/local_stack/services

USER demo
WORKDIR /opt/demo/src
ENTRYPOINT ["python", "-m", "local_stack.fleet.demo_container", "/var/lib/demo"]
