# syntax=docker/dockerfile:1
#
# make image
#
# For a build that can be repeated, give the base image by digest:
#   --build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:...
ARG NODE_IMAGE=node:24-bookworm-slim

# On the machine's own platform: what is made is JavaScript, the same for every one.
FROM --platform=${BUILDPLATFORM:-linux/amd64} ${NODE_IMAGE} AS build
WORKDIR /app
# Before the sources, so that a change of those does not install everything again.
COPY package.json package-lock.json .npmrc ./
# With the optional packages: the compiler's program for this platform is one of them. Without install scripts: nothing
# here needs any, and they are other people's code.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
# Then only what runs: the optional packages of our own are Node itself, for developers, and the image has that. Types and
# source maps of packages are half of what they weigh.
RUN npm run build && npm ci --omit=dev --omit=optional --ignore-scripts && \
    find node_modules -type f \( -name '*.map' -o -name '*.ts' -o -name '*.cts' -o -name '*.mts' -o -name '*.md' \) -delete

FROM ${NODE_IMAGE}
ENV NODE_ENV=production
WORKDIR /app
# Owned by root: the process can read its code and not change it. It writes no file at all, so the root file system may be
# read-only.
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# As numbers: Kubernetes cannot tell for a name whether it is root (runAsNonRoot). The same as in manifests/. Any other user works
# too, as OpenShift assigns one: the code needs neither a passwd entry nor a home.
USER 65532:65532
EXPOSE 8443 8080
# Memory rather than garbage: left alone, V8 lets the heap grow to several times what is in use before it looks, and glibc keeps what was freed
# in an arena for each thread (docs/performance.md). Four MiB for the youngest objects hold a
# few large reviews; in a pod Node takes one. Collecting them with several threads costs more than it saves.
ENV MALLOC_ARENA_MAX=1
# Not through npm: it would be process 1 and does not pass on the SIGTERM that begins our drain.
ENTRYPOINT ["node", "--max-semi-space-size=2", "--no-parallel-scavenge", "--heap-growing-percent=30", "dist/main.js"]
CMD ["serve"]
# Last, because they differ with every commit. `make image` fills them in.
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="toolhive-scaling" \
      org.opencontainers.image.description="Horizontal scaling for ToolHive from outside the operator" \
      org.opencontainers.image.source="https://github.com/toolhive-scaling/toolhive-scaling" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
