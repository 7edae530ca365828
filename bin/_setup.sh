# Shared by bin/demo, bin/test and bin/manage: uv, a Python, the locked packages, system libraries.
# Everything lands in the checkout (.tools, .venv); nothing global, except Debian packages when root.

called_from=$(pwd -P)
root=$(cd "$(dirname "$0")/.." && pwd -P) || exit 1
cd "$root" || exit 1
case "${PRM_DATA_DIR:-/}" in
    /*|'~'*) ;;
    *) PRM_DATA_DIR="$called_from/$PRM_DATA_DIR"; export PRM_DATA_DIR ;;
esac
child='' ticker=''

say() { echo "$*" >&2; }
fail() { say "qudao: $*"; exit 1; }
stop_setup() { kill $child $ticker 2>/dev/null; say "stopped"; exit "${stopped_status:-130}"; }
trap stop_setup INT TERM HUP

# Runs a command that may take long: stoppable, its words kept in .tools/setup.log, a sign of life each 10 s.
run() {
    mkdir -p .tools || fail "cannot write to $root"
    "$@" </dev/null >.tools/setup.log 2>&1 &
    child=$!
    ( trap 'kill $nap; exit' TERM; while :; do sleep 10 & nap=$!; wait $nap; say "  … still at it"; done ) &
    ticker=$!
    wait "$child"; status=$?
    kill "$ticker" 2>/dev/null; wait "$ticker" 2>/dev/null
    child='' ticker=''
    return "$status"
}

# Why the last command failed, as one sentence.
why() {
    if grep -qi 'no space left\|os error 28' .tools/setup.log; then echo "disk full: free some space and start again"
    elif grep -qi 'dns error\|resolve\|failed to fetch\|error sending request\|connection refused\|unreachable\|timed out\|network' .tools/setup.log
    then echo "no network: the packages cannot be fetched from pypi.org ($(grep -i 'error\|fail' .tools/setup.log | tail -n 1 | cut -c 1-160))"
    else tail -n 1 .tools/setup.log | cut -c 1-300; fi
}

have() { command -v "$1" >/dev/null 2>&1; }
can_install() { [ "$(id -u)" = 0 ] && have apt-get; }

# Installs Debian packages, refreshing the lists only when the first try finds nothing.
apt="env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends"
apt_install() {
    run $apt install "$@" || { run $apt update && run $apt install "$@"; }
}

suitable() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    python=
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if have "$name" && suitable "$name"; then python=$name; return; fi
    done
    if can_install; then
        say "installing Python"
        apt_install python3 ca-certificates && suitable python3 && python=python3
    fi
}

works() { "$1" --version >/dev/null 2>&1; }

find_uv() {
    for uv in uv "$root/.tools/venv/bin/uv" "$root/.tools/pip/bin/uv" "$root/.tools/bin/uv"; do
        works "$uv" && return
    done
    find_python
    say "installing uv into .tools"
    if [ -n "$python" ]; then
        uv=$root/.tools/venv/bin/uv
        run "$python" -m venv .tools/venv && run .tools/venv/bin/python -m pip install -q --no-cache-dir uv && works "$uv" && return
        rm -rf .tools/venv
        uv=$root/.tools/pip/bin/uv
        run "$python" -m pip install -q --no-cache-dir --target .tools/pip uv && works "$uv" && return
        uv=$root/.tools/bin/uv
        run "$python" bin/fetch_uv.py .tools/bin && works "$uv" && return
        fail "uv cannot be installed: $(why)"
    fi
    uv=$root/.tools/bin/uv
    for get in "curl -LsSf" "wget -qO-"; do
        have "${get%% *}" || continue
        run sh -c "$get https://astral.sh/uv/install.sh | env UV_UNMANAGED_INSTALL='$root/.tools/bin' sh" && works "$uv" && return
    done
    fail "Python 3.11 or newer is missing (Debian, Ubuntu: apt-get install python3), and uv could not be fetched"
}

# Packages as uv.lock has them. A stamp names the lock file, so that a second start costs nothing.
# $1: demo or dev; what dev installs is enough for the demo.
sync() {
    UV_CACHE_DIR=${UV_CACHE_DIR:-$root/.tools/cache}
    export UV_CACHE_DIR
    state="$(cksum <uv.lock) $root"
    for kind in dev "$1"; do
        [ "$(cat ".venv/.synced-$kind" 2>/dev/null)" = "$state" ] && [ -x .venv/bin/python ] && return
    done
    find_uv
    groups="--group embedded"; [ "$1" = dev ] && groups="$groups --group dev"
    say "fetching the locked packages (the first time takes a while)"
    run "$uv" sync --frozen --inexact $groups || fail "$(why)"
    echo "$state" >".venv/.synced-$1"
}

has_library() { PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null | grep -q "$1"; }

# Pango draws the PDF pages; everything else works without it.
system_libraries() {
    [ "$(uname)" = Linux ] || return 0
    has_library libpangoft2-1.0 && has_library libharfbuzz-subset && return
    if can_install; then
        say "installing Pango (for PDF)"
        apt_install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 && return
        say "Pango could not be installed ($(why)); PDF downloads will not work until it is"
    else
        say "PDF downloads need Pango. Debian, Ubuntu: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
    fi
}
