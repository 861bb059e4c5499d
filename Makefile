# The front door. Both main targets install what they need (Debian packages, through apt).
#
#   make demo     build, then simulate and image a MeerKAT observation by one recipe
#   make check    build and run every test, also under sanitizers, and the static checks
#
#   make images    build the container images of Spoor's cabs from Debian packages
#
#   make check-oracle  compare with Stimela 2 itself (fetched from PyPI; ten minutes or more)
#
#   make          build only              make bench     measure (ratios within one run)
#   make install  [PREFIX=/usr/local]     make lint      static checks only
#   make quick    unit tests only         make clean

BUILD  ?= build
PREFIX ?= /usr/local
NINJA   = ninja -C $(BUILD)

.NOTPARALLEL: # apt once at a time; ninja is parallel by itself
.PHONY: all demo images check check-oracle quick lint bench fuzz install clean FORCE

all: $(BUILD)/build.ninja
	@$(NINJA) --quiet

# A pattern rule: GNU make does not search these for phony targets, hence FORCE.
packages-%: FORCE
	@tools/install-packages $*

$(BUILD)/build.ninja: | packages-build
	@echo "building for the first time: about two minutes on two cores"
	@meson setup $(BUILD) --prefix $(PREFIX) >$(BUILD).log 2>&1 || { cat $(BUILD).log; exit 1; }
	@rm -f $(BUILD).log

demo: packages-build packages-run all
	@mkdir -p demo
	@cd demo && ../$(BUILD)/spoor run ../recipes/demo.yml

images: packages-build packages-run all
	@$(BUILD)/spoor image build images/*.yml

check: packages-build packages-run packages-test all
	@tools/check $(BUILD)

check-oracle: all
	@tools/oracle-install $(BUILD)/oracle
	@tests/oracle/check $(BUILD)

quick: all
	@meson test -C $(BUILD) --no-rebuild --print-errorlogs

lint:
	@tools/lint $(BUILD)

bench: packages-build packages-run all
	@tests/bench/run $(BUILD)

fuzz: packages-test
	@tools/fuzz

# The prefix may have been another one when $(BUILD) was set up; DESTDIR is meson's affair. Called
# stimela, the program takes Stimela's command line; a stimela that is there already stays.
bindir = $(DESTDIR)$(abspath $(PREFIX))/bin
install: all
	@meson configure $(BUILD) -Dprefix=$(abspath $(PREFIX))
	@meson install -C $(BUILD) --quiet
	@[ -e $(bindir)/stimela ] || ln -s spoor $(bindir)/stimela

clean:
	@rm -rf $(BUILD) $(BUILD)-asan demo
