# syntax=docker/dockerfile:1
#
# Build: make image
#
# For a reproducible base image, pass its digest:
#   --build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:...
ARG NODE_IMAGE=node:24-bookworm-slim

# Builds on the platform of the machine, because the output is JavaScript for every platform.
FROM --platform=${BUILDPLATFORM:-linux/amd64} ${NODE_IMAGE} AS build
WORKDIR /app
# Before the sources, so that a change of the sources does not reinstall the packages.
COPY package.json package-lock.json .npmrc ./
# Includes optional packages, because one is the compiler for this platform. Install scripts are third-party code that
# no package here needs.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
# The second install has only runtime packages, because the base image includes Node. Types and source maps are half the
# size of the packages.
RUN npm run build && npm ci --omit=dev --omit=optional --ignore-scripts && \
    find node_modules -type f \( -name '*.map' -o -name '*.ts' -o -name '*.cts' -o -name '*.mts' -o -name '*.md' \) -delete

FROM ${NODE_IMAGE}
ENV NODE_ENV=production
WORKDIR /app
# Owned by root, so that the process cannot change its code. It writes no files, so the root file system can be
# read-only.
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# Numbers, because Kubernetes cannot check a user name for runAsNonRoot. The same as in manifests/. Any other user works
# too, for example one that OpenShift assigns: the code needs no passwd entry and no home folder.
USER 65532:65532
EXPOSE 8443 8080
# Limits memory use (docs/performance.md). By default V8 lets the heap grow to several times the live size, and glibc
# keeps freed memory in one arena per thread. A semi-space of 2 MiB holds a large
# review; Node's default in a pod is 1 MiB. Parallel scavenging costs more CPU than it saves.
ENV MALLOC_ARENA_MAX=1
# Not through npm: it would be process 1, and it does not forward the SIGTERM that starts the drain.
ENTRYPOINT ["node", "--max-semi-space-size=2", "--no-parallel-scavenge", "--heap-growing-percent=30", "dist/main.js"]
CMD ["serve"]
# Last, because these values change with every commit. `make image` sets them.
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="toolhive-scaling" \
      org.opencontainers.image.description="Horizontal scaling for ToolHive from outside the operator" \
      org.opencontainers.image.source="https://github.com/toolhive-scaling/toolhive-scaling" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
