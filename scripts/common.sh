# What ./run and ./test share: words on stderr, Debian packages, a quiet build. Sourced, with `root`
# set to the project's folder.

say() { printf 'bise: %s\n' "$*" >&2; }
die() { say "$@"; exit 2; }

# What a job needs, as "probe package": a command, or an absolute path that may hold wildcards.
needs_build='
g++ g++
cmake cmake
ninja ninja-build
/usr/include/CLI/CLI.hpp libcli11-dev
/usr/lib/*/cmake/boost_headers-1.8[1-9]* libboost1.81-dev
/usr/include/openssl/ssl.h libssl-dev
/usr/include/sqlite3.h libsqlite3-dev
/usr/include/sodium.h libsodium-dev'
needs_page='
npm npm'
needs_starter='
python3 python3
/usr/lib/python3/dist-packages/pip python3-pip'
needs_test='
python3 python3
ccache ccache
nm binutils
/usr/include/gtest/gtest.h libgtest-dev
/usr/include/simde/x86/avx512.h libsimde-dev
/usr/lib/*/libgtest.a libgtest-dev
clang++-14 clang-14
/usr/lib/llvm-14/lib/clang/14*/lib/linux/libclang_rt.fuzzer-*.a libclang-rt-14-dev
clang-format-14 clang-format-14'
needs_page_test='
chromium chromium'
needs_sdk_test='
/usr/lib/python3/dist-packages/pip python3-pip
/usr/lib/python3*/ensurepip python3-venv'
needs_long_test='
clang-tidy-14 clang-tidy-14'

# missing_packages NEEDS: the packages whose probe fails, each once.
missing_packages() {
  local probe package missing=' '
  while read -r probe package; do
    [[ -n $probe ]] || continue
    if [[ $probe == /* ]]; then compgen -G "$probe" >/dev/null && continue
    else command -v "$probe" >/dev/null && continue
    fi
    [[ $missing == *" $package "* ]] || missing+="$package "
  done <<<"$1"
  missing=${missing# }
  printf '%s' "${missing% }"
}

# install_missing NEEDS WHAT-FOR: as root installs them, else says what to do and ends with 2.
install_missing() {
  local missing log
  missing=$(missing_packages "$1")
  [[ -n $missing ]] || return 0
  local command="apt-get install --no-install-recommends $missing"
  if ! command -v apt-get >/dev/null; then
    say "$2 needs programs that are not here; under Debian their packages are: $missing"
    die "install them with this system's package manager and start again"
  fi
  if [[ $(id -u) != 0 ]]; then
    say "$2 needs packages that are not installed: $missing"
    die "install them and start again: sudo $command"
  fi
  say "installing what $2 needs: $missing"
  mkdir -p "$root/build"
  log=$root/build/packages.log
  if ! apt_install "$missing" "$log"; then
    grep -E '^(E|W): ' "$log" | head -n 5 >&2
    die "installing failed (all of it: $log); by hand: $command"
  fi
}

apt_install() {
  { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y \
    --no-install-recommends $1; } >"$2" 2>&1 </dev/null
}

# install_optional NEEDS WHAT-FOR: the same where it can be done; else it is said, and what wants
# them skips.
install_optional() {
  local missing log=$root/build/packages.log
  missing=$(missing_packages "$1")
  [[ -n $missing ]] || return 0
  mkdir -p "$root/build"
  if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
    say "installing what $2 can use: $missing"
    apt_install "$missing" "$log" && return 0
  fi
  say "$2 goes without: $missing"
}

# Shows how far ninja is, from its lines "@done/total ..." on stdin; every line goes to the log too.
# On a terminal one line that moves, else a line each quarter.
show_progress() {
  local what=$1 log=$2 line done total percent shown=-1 left began=$SECONDS all=0
  while IFS= read -r line; do
    printf '%s\n' "$line" >&3
    [[ $line =~ ^@([0-9]+)/([0-9]+)\  ]] || continue
    done=${BASH_REMATCH[1]} total=${BASH_REMATCH[2]}
    # CMake running again counts by itself, before the build.
    if ((total != all)); then all=$total shown=-1 began=$SECONDS; fi
    percent=$((100 * done / total))
    left=''
    if ((SECONDS - began >= 5)); then
      left=", about $(((SECONDS - began) * (total - done) / done)) s left"
    fi
    if [[ -t 2 ]]; then
      printf '\r\033[Kbise: building %s: %d %% (%d of %d)%s' \
        "$what" $percent $done $total "$left" >&2
    elif ((percent / 25 > shown / 25 || shown < 0)); then
      say "building $what: $percent % ($done of $total)$left"
      shown=$percent
    fi
  done 3>"$log"
  if [[ -t 2 && -n ${done:-} ]]; then printf '\r\033[K' >&2; fi
}

# The first errors of a log, for someone who has not seen the build.
show_first_errors() {
  local error='(^|[ :])error: |CMake Error|undefined reference'
  if grep -qE "$error" "$1"; then grep -E -A 4 "$error" "$1" | head -n 20 >&2
  else tail -n 20 "$1" >&2
  fi
}

# build PRESET WHAT [TARGET...]: configures if need be, builds what changed; on failure shows the
# first errors and where the rest is, and returns 1. The log is build/PRESET.log.
build() {
  local preset=$1 what=$2 folder=$root/build/$1 log=$root/build/$1.log
  shift 2
  mkdir -p "$folder"
  # A checkout that was moved: CMake would refuse its old cache.
  if [[ -f $folder/CMakeCache.txt ]] &&
      ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$folder/CMakeCache.txt"; then
    rm -rf "$folder"
  fi
  if [[ ! -f $folder/build.ninja ]] &&
      ! (cd "$root" && cmake --preset "$preset") >"$log" 2>&1; then
    show_first_errors "$log"
    say "preparing the build of $what failed; all of it: $log"
    rm -f "$folder/CMakeCache.txt"  # so that a compiler installed meanwhile is looked for again
    return 1
  fi
  NINJA_STATUS='@%f/%t ' ninja -C "$folder" "$@" 2>&1 </dev/null | show_progress "$what" "$log"
  if [[ ${PIPESTATUS[0]} != 0 ]]; then
    show_first_errors "$log"
    say "building $what failed; all of it: $log"
    return 1
  fi
}

# What the page is made of. (A folder's time changes when a file in it comes or goes.)
page_sources=("$root"/web/{src,public,diagram,scripts,index.html,package.json,package-lock.json}
  "$root"/web/{vite.config.ts,svelte.config.js,tsconfig.json})

is_page_built() {
  [[ -f $root/build/.page-built && -f $root/web/dist/index.html &&
    -z $(find "${page_sources[@]}" -newer "$root/build/.page-built" -print -quit) ]]
}

# build_page: the page, into web/dist, from where the build of the program takes it. Where npm or
# its packages are not to be had the program is built without its page, and that is said.
build_page() {
  local web=$root/web log=$root/build/page.log
  [[ -d $web ]] || return 0
  if is_page_built; then return 0; fi
  mkdir -p "$root/build"
  install_optional "$needs_page" 'the page'
  if ! command -v npm >/dev/null; then
    say 'without npm the program is built without its page (under Debian: apt-get install npm)'
    return 0
  fi
  touch "$root/build/.page-built.new"
  if [[ ! -d $web/node_modules || $web/package-lock.json -nt $web/node_modules/.package-lock.json ]]
  then
    say 'fetching what the page is built with (npm ci)'
    if ! (cd "$web" && npm ci --no-audit --no-fund) >"$log" 2>&1 </dev/null; then
      tail -n 3 "$log" >&2
      say "npm did not bring its packages, so the program is built without its page ($log)"
      rm -rf "$web/node_modules"
      return 0
    fi
  fi
  if ! (cd "$web" && npm run build) >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    say "building the page failed; all of it: $log"
    return 1
  fi
  mv "$root/build/.page-built.new" "$root/build/.page-built"
}
