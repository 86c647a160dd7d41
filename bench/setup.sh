#!/bin/sh
# Installs the peers: a virtual environment for each file of requirements, and R's data.table if apt and root are there.
#
#   sh bench/setup.sh
#
# pandas has an environment of its own: pyarrow imports it if it is installed, which would slow DataFusion down by 0.3 s.
# chdb depends on pandas.
set -eu
cd "$(dirname "$0")"

for requirements in requirements/*.txt; do
    name=$(basename "$requirements" .txt)
    environment=.venv/$name
    # an environment is rebuilt when its requirements change
    if cmp -s "$requirements" "$environment/requirements.txt"; then
        continue
    fi
    printf 'installing bench/%s into bench/%s\n' "$requirements" "$environment" >&2
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements"
    cp "$requirements" "$environment/requirements.txt"
done

# R comes from Debian; without it, the benchmarks list data.table as not run
if ! Rscript -e 'library(data.table)' >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        printf 'installing R and data.table with apt\n' >&2
        { apt-get update --quiet && apt-get install --yes --quiet --no-install-recommends r-base-core r-cran-data.table; } \
            >/dev/null 2>&1 || printf 'R and data.table could not be installed\n' >&2
    else
        printf 'R and data.table are missing: install r-base-core and r-cran-data.table to measure them\n' >&2
    fi
fi
