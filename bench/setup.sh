#!/bin/sh
# Installs the peers: a virtual environment for each file of requirements, which name exact versions, and R's
# data.table where apt and root allow it.
#
#   sh bench/setup.sh
#
# pandas is kept away from the engines: pyarrow imports it wherever it is installed, which would cost DataFusion, which
# does not need it, 0.3 s. chdb depends on it.
set -eu
cd "$(dirname "$0")"

for requirements in requirements/*.txt; do
    name=$(basename "$requirements" .txt)
    environment=.venv/$name
    # made anew when its requirements change
    if cmp -s "$requirements" "$environment/requirements.txt"; then
        continue
    fi
    printf 'installing bench/%s into bench/%s\n' "$requirements" "$environment" >&2
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements"
    cp "$requirements" "$environment/requirements.txt"
done

# R comes from Debian; without it the benchmarks name data.table as not run
if ! Rscript -e 'library(data.table)' >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        printf 'installing R and data.table with apt\n' >&2
        { apt-get update --quiet && apt-get install --yes --quiet --no-install-recommends r-base-core r-cran-data.table; } \
            >/dev/null 2>&1 || printf 'R and data.table could not be installed\n' >&2
    else
        printf 'R and data.table are not here: install r-base-core and r-cran-data.table to have them measured\n' >&2
    fi
fi
