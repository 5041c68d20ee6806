# syntax=docker/dockerfile:1

# --- What is only needed to make the rest: Node.js for the assets, Babel for translations
FROM python:3.13-slim AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /portal

COPY requirements/portal.txt requirements/
RUN python -m venv /build && /build/bin/pip install --require-hashes --only-binary :all: -r requirements/portal.txt

COPY requirements/production.txt requirements/
RUN python -m venv /venv && /venv/bin/pip install --require-hashes --only-binary :all: -r requirements/production.txt

COPY . .
# collectstatic asks for no secret and no database, but the settings do.
RUN /build/bin/python -m scripts.assets \
    && /build/bin/python -m scripts.messages compile \
    && SECRET_KEY=only-for-this-build ALLOWED_HOSTS=localhost DATABASE_URL=sqlite://:memory: \
       /venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && rm -rf node_modules scripts requirements package.json package-lock.json .npmrc \
    && /venv/bin/python -m compileall -q .

# --- What runs
FROM python:3.13-slim

RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin portal
COPY --from=build /venv /venv
COPY --from=build /portal /portal

ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PORT=8000 \
    WEB_CONCURRENCY=2 \
    WEB_THREADS=4
WORKDIR /portal
USER portal
EXPOSE 8000

# /healthz asks the process alone; a database that is away is no reason to end the container.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "docker/healthcheck.py", "/healthz"]

# The heartbeat file belongs into memory: on a slow disk it would hold the workers up.
# The access log ends with the correlation id of each request, which the portal's own lines and records have too.
# exec, so that gunicorn gets the container's signals and ends its requests in peace.
CMD ["sh", "-c", "exec gunicorn partnercenter.wsgi:application --bind 0.0.0.0:$PORT --workers $WEB_CONCURRENCY --threads $WEB_THREADS --worker-tmp-dir /dev/shm --max-requests 5000 --max-requests-jitter 500 --graceful-timeout 30 --access-logfile - --access-logformat '%(h)s %(l)s %(u)s %(t)s \"%(r)s\" %(s)s %(b)s \"%(f)s\" \"%(a)s\" %({ms-correlationid}o)s'"]
