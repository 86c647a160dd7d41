# All tasks that a person runs. `sh scripts/just RECIPE` installs the task runner first if it is missing.

# lists the recipes
_default:
    @just --list --unsorted

# runs the workshop's whole workflow on the diabetes data; also builds the page if npm is there
[group('use')]
demo: wasm
    @if command -v npm >/dev/null 2>&1; then {{ just_executable() }} web; fi || echo 'The page could not be built, and is left out.' >&2
    @{{ just_executable() }} build
    @sh scripts/demo

# builds the program with the component inside: target/release/samefit
[group('use')]
build: wasm
    @echo 'Building the program (about four minutes the first time: wasmtime is large; then seconds).' >&2
    cargo build --locked --release --package samefit

# installs the program, its manual and the completions of bash, zsh and fish below PREFIX
[group('use')]
install PREFIX='/usr/local': build
    @sh scripts/install '{{ PREFIX }}'

# builds the container image: target/image, target/samefit-image.tar (pachyderm/image.md)
[group('use')]
image: wasm
    @sh scripts/image

# builds the component and the WASI command: target/wasm
[group('use')]
wasm:
    @echo 'Building the component, with and without SIMD (about two minutes the first time).' >&2
    cargo xtask wasm

# builds the page: target/web; a program that is built afterwards serves it
[group('use')]
web: wasm
    @sh web/setup
    @echo 'Building the page (two minutes the first time).' >&2
    cargo xtask web

# copies the core module and its digest into the packages of LANGUAGES: python, js, go; all without any
[group('use')]
embed *LANGUAGES: wasm
    @sh scripts/embed {{ LANGUAGES }}

# checks and tests everything; its last lines say what ran and what did not
[group('check')]
test:
    @bash scripts/test

# the same as `test`, which is what CI runs
[group('check')]
check: test

# tests the logic alone, natively; arguments go to cargo test
[group('check')]
quick *ARGS:
    cargo test --package samefit-kernels --package samefit-core {{ ARGS }}

# tries the laws of statistics and models on a thousand random tables each
[group('check')]
laws *ARGS:
    PROPTEST_CASES=1000 cargo test --package samefit-core --test laws --test levels --test weights --test fitted_levels {{ ARGS }}

# attacks the program and shared statistics for a long time, with a new seed that it prints
[group('check')]
attacks *ARGS: wasm
    @sh scripts/attacks {{ ARGS }}

# builds the component in two folders and compares every byte
[group('check')]
reproduce:
    cargo xtask reproduce

# checks licences, sources and security advisories of all dependencies: deny.toml
[group('check')]
dependencies:
    @sh scripts/check-dependencies

# measures samefit and other programs (bench/README.md); --quick for a trial, --scenario NAME for one table
[group('measure')]
bench *ARGS: build
    @sh bench/setup.sh
    RUSTFLAGS="{{ if arch() == 'x86_64' { '-C target-cpu=x86-64-v3' } else { '' } }}" cargo build --locked --release --package samefit-bench-native --target-dir target/native
    @python3 bench/run.py {{ ARGS }}

# writes the Pachyderm specs that ship from xtask/src/specs.rs
[group('edit')]
specs:
    cargo xtask specs

# formats all Rust sources
[group('edit')]
fmt:
    cargo fmt --all
