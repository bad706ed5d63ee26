# styletune on an NVIDIA GPU. Build: docker build -t styletune .
# Run:   docker run --rm --gpus all --shm-size=1g -p 127.0.0.1:8018:8018 \
#            -e STYLETUNE_TOKEN="$(openssl rand -hex 32)" -v styletune-keras:/home/painter/.keras styletune
# --shm-size: Docker gives /dev/shm 64 MB; large pictures need more.
# -p 127.0.0.1: published on this machine only; from elsewhere use ssh -L, since plain HTTP shows
# the token to whoever listens in.
FROM python:3.11-slim

# python-rtmidi compiles against ALSA where PyPI has no wheel for the platform.
RUN apt-get update \
    && apt-get install -y --no-install-recommends g++ libasound2-dev \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home painter
WORKDIR /home/painter/styletune
COPY --chown=painter pyproject.toml README.md LICENSE ./
COPY --chown=painter styletune ./styletune
COPY --chown=painter web ./web
COPY --chown=painter configs ./configs
RUN pip install --no-cache-dir '.[gpu]'

USER painter
# Made here, so that a named volume mounted on it belongs to the user and keeps VGG's weights.
RUN mkdir -p /home/painter/.keras
WORKDIR /home/painter
EXPOSE 8018
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8018/healthz', timeout=2)"]
# 0.0.0.0 inside the container only; a token is required for it (STYLETUNE_TOKEN).
ENTRYPOINT ["styletune"]
CMD ["serve", "--host", "0.0.0.0", "--no-browser", "--network", "vgg19", "--size", "512"]
