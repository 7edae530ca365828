# The product as one image; docker-compose.yml starts it as web, worker, scheduler and for migrations.
FROM python:3.13-slim-bookworm AS build
COPY --from=ghcr.io/astral-sh/uv:0.9 /uv /usr/local/bin/uv
WORKDIR /srv/qudao
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never
COPY pyproject.toml uv.lock ./
# Without the embedded PostgreSQL and broker: a site brings its own.
RUN uv sync --frozen --no-default-groups
COPY . .
# Static files get their hashed names now; the values below only satisfy the settings and are not kept.
RUN .venv/bin/python -m prm.localservices messages \
 && PRM_SECRET_KEY=only-for-building-this-image-0123456789-abcdefghijklmnop PRM_DATA_DIR=/srv/qudao/data \
    DATABASE_URL=postgres://none@127.0.0.1:1/none REDIS_URL=redis://127.0.0.1:1/0 EMAIL_URL=smtp://127.0.0.1:1 \
    .venv/bin/python manage.py collectstatic --noinput -v 0

FROM python:3.13-slim-bookworm
# Pango draws the PDF pages; pg_dump (not older than the server) serves the tenant template and exports.
RUN apt-get update \
 && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    ca-certificates postgresql-common \
 && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
 && apt-get install -y --no-install-recommends postgresql-client-18 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --home-dir /srv/qudao --no-create-home --shell /usr/sbin/nologin qudao
WORKDIR /srv/qudao
COPY --from=build --chown=root:root /srv/qudao /srv/qudao
RUN install -d -o qudao -g qudao /srv/qudao/data/media
ENV PATH=/srv/qudao/.venv/bin:$PATH PYTHONUNBUFFERED=1 PRM_DATA_DIR=/srv/qudao/data
USER qudao
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", \
     "--blocking-threads", "4", "--respawn-failed-workers", "prm.config.wsgi:application"]
