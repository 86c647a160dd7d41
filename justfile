# Every task a person runs. `sh scripts/just RECIPE` gets the task runner first, if it is not there.

# lists the recipes
_default:
    @just --list --unsorted

# the workshop's whole workflow on the diabetes data, from set-up to predictions, and the page where npm is there
[group('use')]
demo: wasm
    @if command -v npm >/dev/null 2>&1; then {{ just_executable() }} web; fi || echo 'The page could not be built, and is left out.' >&2
    @{{ just_executable() }} build
    @sh scripts/demo

# the program `samefit` with the component inside, in target/release
[group('use')]
build: wasm
    @echo 'Building the program (about four minutes the first time: wasmtime is large; then seconds).' >&2
    cargo build --locked --release --package samefit

# the container image, in target/image and target/samefit-image.tar: pachyderm/image.md
[group('use')]
image: wasm
    @sh scripts/image

# the component and its kin, in target/wasm
[group('use')]
wasm:
    @echo 'Building the component, with and without SIMD (about two minutes the first time).' >&2
    cargo xtask wasm

# the page, in target/web; `samefit serve` carries it if the program is built after it
[group('use')]
web: wasm
    @sh web/setup
    @echo 'Building the page (two minutes the first time).' >&2
    cargo xtask web

# sets up, checks and tests everything; ends with a line that counts what ran
[group('check')]
test:
    @bash scripts/test

# exactly what CI runs
[group('check')]
check: test

# the inner loop: tests of the logic alone, natively
[group('check')]
quick *ARGS:
    cargo test --package samefit-kernels --package samefit-core {{ ARGS }}

# a long round of attacks on the program and on shared statistics, with a new seed, which it prints
[group('check')]
attacks *ARGS: wasm
    @sh scripts/attacks {{ ARGS }}

# the same sources give the same bytes: builds the component in two places and compares
[group('check')]
reproduce:
    cargo xtask reproduce

# every dependency's licence is one of those agreed on
[group('check')]
licences:
    cargo xtask licences

# measures samefit and its peers: bench/README.md; `--quick` to try it, `--scenario NAME` for one
[group('measure')]
bench *ARGS: build
    @sh bench/setup.sh
    RUSTFLAGS="{{ if arch() == 'x86_64' { '-C target-cpu=x86-64-v3' } else { '' } }}" cargo build --locked --release --package samefit-bench-native --target-dir target/native
    @python3 bench/run.py {{ ARGS }}

# writes the Pachyderm specs that ship, from xtask/src/specs.rs
[group('edit')]
specs:
    cargo xtask specs

# rewrites the sources in the house's style
[group('edit')]
fmt:
    cargo fmt --all
