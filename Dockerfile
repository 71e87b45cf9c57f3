# The locked environment and the wheel are built in one stage; the image holds neither compiler, cache nor source.
FROM python:3.12-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/shouwang
WORKDIR /build
COPY requirements.lock ./
RUN /opt/shouwang/bin/pip install --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY device_profiles device_profiles
COPY alert_rules alert_rules
COPY channel_templates channel_templates
COPY services/shouwang services/shouwang
COPY scripts scripts
COPY requirements-dev.lock ./
COPY dashboards/console dashboards/console
# Node comes from PyPI for this step alone (scripts/console), and stays out of the image.
RUN ln -s /opt/shouwang .venv && PYTHONPATH=services scripts/console build && rm -rf .venv /opt/shouwang/node
RUN /opt/shouwang/bin/pip install --no-deps --no-build-isolation . \
    && /opt/shouwang/bin/shouwang --help >/dev/null

FROM python:3.12-slim
LABEL org.opencontainers.image.title="Shouwang" org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin shouwang \
    && install -d -o shouwang -g shouwang -m 0750 /data
COPY --from=build /opt/shouwang /opt/shouwang
ENV PATH=/opt/shouwang/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 SHOUWANG_DATA_DIR=/data
USER shouwang
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["shouwang"]
CMD ["run"]
