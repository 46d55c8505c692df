# JupyterLab on the notebooks, for a user without rights; the packages are those of the lock.
#   docker build --tag insidebert .
#   docker run --rm --publish 127.0.0.1:8888:8888 insidebert
# The book, where `make book` or `make class` has built one:
#   docker run --rm --publish 127.0.0.1:8000:8000 --volume "$PWD/build/book:/book:ro" insidebert \
#     python -m http.server --directory /book 8000
# An image for a JupyterHub also needs the hub's own version of jupyterhub (docs/ways-in.md):
#   docker build --tag insidebert-hub --build-arg ALSO="jupyterhub==6.1.1 nbgitpuller==1.3.0" .
FROM python:3.11-slim-bookworm
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
ARG USER_ID=1000
ARG ALSO=""
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends git make \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --shell /bin/bash --uid "$USER_ID" reader \
 && install --directory --owner reader /opt/insidebert /opt/venv
USER $USER_ID
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /opt/insidebert
RUN python -m venv /opt/venv
COPY --chown=reader . .
RUN .binder/postBuild
# hadolint ignore=DL3013,SC2086
RUN test -z "$ALSO" || pip install --quiet --no-cache-dir $ALSO
EXPOSE 8888 8000
CMD ["jupyter", "lab", "--ip=0.0.0.0", "--port=8888", "--no-browser", "--notebook-dir=notebooks"]
