# The everyday commands. On a fresh Debian 12 each installs what it is missing first.
BUILD := build/release

.PHONY: build demo test bench simulate mutations fresh package check-package asan tsan tidy format format-check install dependencies
.DEFAULT_GOAL := build

dependencies:
	@scripts/install_dependencies.sh

$(BUILD)/CMakeCache.txt: CMakePresets.json | dependencies
	cmake --preset release
	@touch $@

build: dependencies $(BUILD)/CMakeCache.txt
	cmake --build --preset release

# Builds the two programs of the demo and no more, then counts words until ten batches are done.
demo: dependencies $(BUILD)/CMakeCache.txt
	cmake --build --preset release --target text_source network_word_count
	scripts/demo.sh $(BUILD)/bin

test: build
	ctest --test-dir $(BUILD) --output-on-failure -j2

bench: build
	python3 bench/run_bench.py --build $(BUILD) --out build/bench.json

# One simulation of a streaming application; its last line is a hash of all that happened.
SEED := 1
EXECUTORS := 100
simulate: dependencies $(BUILD)/CMakeCache.txt
	@cmake --build --preset release --target simulate
	@$(BUILD)/tests/simulate --seed $(SEED) --executors $(EXECUTORS)

# Shows that the simulator finds each of the mistakes in tests/mutations/.
mutations: dependencies
	@scripts/install_dependencies.sh git patch
	python3 tests/mutations/run_mutations.py

# The demo and the tests once more, in a Debian 12 that has nothing but make.
fresh:
	scripts/fresh.sh

# The Debian packages, in build/package.
package: dependencies $(BUILD)/CMakeCache.txt
	scripts/install_dependencies.sh dpkg-dev
	cmake --build --preset release --target packaged
	cpack -G DEB --config $(BUILD)/CPackConfig.cmake -B build/package

# Installs, uses and purges them in a Debian 12 that has nothing.
check-package: package
	scripts/check_package.sh build/package

asan tsan: dependencies
	cmake --preset $@
	cmake --build --preset $@ --target unit_tests
	scripts/run_sanitized_tests.sh $@

tidy: build
	scripts/check_tidy.sh $(BUILD)

format:
	scripts/check_format.sh --fix

format-check:
	scripts/check_format.sh

# make install PREFIX=/usr/local
install: dependencies $(BUILD)/CMakeCache.txt
	cmake --build --preset release --target installed
	cmake --install $(BUILD) $(if $(PREFIX),--prefix $(PREFIX))
