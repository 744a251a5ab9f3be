# The service with its models. Build: docker build -t mistd . Run: docker run -p 3000:3000 mistd
# glibc only: ONNX Runtime has no binaries for musl, so no Alpine.
FROM node:22-bookworm-slim AS build
WORKDIR /app
# The install script of onnxruntime-node would download CUDA libraries; the CPU ones are inside
# the package.
ENV ONNXRUNTIME_NODE_INSTALL=skip
COPY package.json package-lock.json .npmrc ./
# To use your own registry: docker build --secret id=npmrc,src=$HOME/.npmrc
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build && rm dist/.tsbuildinfo
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci --omit=dev --ignore-scripts
# ONNX Runtime brings the binaries of every platform; only those of this one stay.
RUN find node_modules/onnxruntime-node/bin -mindepth 3 -maxdepth 3 -type d \
      ! -path "*/linux/$(node -p process.arch)" -exec rm -r {} +

FROM node:22-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
COPY openapi openapi
COPY models models
# Everything above belongs to root; the service can read it but not change it. This is the user
# node, by number, so that Kubernetes can tell that it is not root.
USER 1000:1000
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# In exec form node itself gets SIGTERM, answers the requests that have arrived and exits 0.
CMD ["node", "dist/src/server.js"]
