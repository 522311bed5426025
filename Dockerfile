# docker build -t pg-oauth-exporter .
# docker run -p 9187:9187 -e DATA_SOURCE_NAME=postgresql://monitor@db/postgres pg-oauth-exporter
FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /opt/exporter
COPY . .
# A wheel, not the source tree: the image runs exactly what the package index would deliver.
RUN --mount=type=cache,target=/root/.cache/pip \
    pip wheel --no-deps --wheel-dir /wheels . \
    && /opt/exporter/bin/pip install --no-compile -c constraints.txt /wheels/*.whl \
    && /opt/exporter/bin/pip uninstall --yes pip

FROM python:3.13-slim
LABEL org.opencontainers.image.title="pg-oauth-exporter" \
      org.opencontainers.image.description="Prometheus exporter for PostgreSQL that understands OAuth2 token stores" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/exporter /opt/exporter
ENV PATH="/opt/exporter/bin:$PATH" PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# A number, so that Kubernetes can see that it is not root.
USER 65532:65532
EXPOSE 9187
# Ready means: configuration loaded, every reachable target polled, data fresh. With TLS or another port, give your own.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:9187/readyz', timeout=4)"]
ENTRYPOINT ["pg-oauth-exporter"]
CMD ["run", "--web.listen-address=:9187"]
