# Azurite from the same lock as on a laptop. Build context: the repository's root.
ARG BASE_IMAGE=node:24-bookworm-slim
FROM ${BASE_IMAGE}

WORKDIR /opt/azurite
COPY local_stack/package.json local_stack/package-lock.json ./
# A mirror of packages: `--build-arg NPM_CONFIG_REGISTRY=...`. An image remembers it, so no password in it.
ARG NPM_CONFIG_REGISTRY
RUN npm ci --ignore-scripts --omit=dev --no-audit --no-fund \
    && install -d -o node -g node -m 0770 /data

USER node
EXPOSE 10000
ENTRYPOINT ["node", "node_modules/azurite/dist/src/blob/main.js"]
