# What the script tells its user. Everything goes to stderr: stdout belongs to the program that is run.

say() { printf 'moru: %s\n' "$*" >&2; }

fail() {
    say "$1"
    shift
    if (($# > 0)); then printf '      %s\n' "$@" >&2; fi
    exit 1
}

seconds_since() {
    local now=${EPOCHREALTIME/[.,]/} then=${1/[.,]/}
    local tenths=$(((now - then + 50000) / 100000))
    printf '%d.%d s' $((tenths / 10)) $((tenths % 10))
}

# step "what is done" COMMAND...: runs COMMAND with its output in a log and says how long it took; stops the script, with the end of the log, when it fails.
# Commands that are steps end in `|| return`: bash ignores `set -e` inside a command whose result is looked at.
step() {
    local what=$1 start=$EPOCHREALTIME log rc=0
    shift
    log=$artifacts/logs/${1##*/}.log
    mkdir -p "$artifacts/logs"
    printf 'moru: %s ... ' "$what" >&2
    # Without the lock's descriptor, or a daemon that the step starts would hold the lock for ever.
    "$@" >"$log" 2>&1 </dev/null 9>&- || rc=$?
    if ((rc == 0)); then
        printf '%s\n' "$(seconds_since "$start")" >&2
        return
    fi
    printf 'failed after %s\n' "$(seconds_since "$start")" >&2
    tail -n 25 "$log" | sed 's/^/  | /' >&2
    fail "$what failed (exit code $rc); the whole log is $log"
}
