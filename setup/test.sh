# ./moru test: every test project, the tests of this script, and one check that nothing was left behind.

# A project that takes longer hangs.
readonly project_seconds=1500

passed=0 failed=0 skipped=0

has_node() { command -v node >/dev/null && command -v npm >/dev/null; }

run_tests() {
    local projects=() needs=() before
    while (($# > 0)) && [[ $1 != -- ]]; do projects+=("$1"); shift; done
    if (($# > 0)); then shift; fi
    has_node || needs+=(node)
    prepare "${needs[@]}"
    prepare_template_images
    mkdir -p "$artifacts/tests"
    before=$(ours_running)
    # Short, because the tests make unix sockets under it; our own, because whatever stays in it has leaked.
    temporary=$(mktemp -d /tmp/moru-tests.XXXXXX)
    trap 'rm -rf "$temporary"' EXIT

    if ((${#projects[@]} == 0)); then
        run_script_tests
        mapfile -t projects < <(cd "$root/tests" && printf '%s\n' *.Tests)
    fi
    local project
    for project in "${projects[@]}"; do
        # As it is installed, which starts much faster than an ordinary build.
        if [[ $project == Moru.Mcp.Tests ]]; then
            pack
            MORU_MCP=$(packed_mcp)
            export MORU_MCP
        fi
        TMPDIR=$temporary run_project "$project" "$@"
    done
    count_leaks "$before" "$temporary"
    report
}

run_project() {
    local program=$root/tests/$1/bin/Release/net10.0/$1 result=$artifacts/tests/$1.xml rc=0 colour=()
    shift
    [[ -x $program ]] || fail "there is no test project ${program##*/}; there are: $(cd "$root/tests" && echo *.Tests)"
    [[ -t 1 ]] || colour=(-noColor)
    rm -f "$result"
    say "running ${program##*/}"
    timeout --foreground --kill-after=15 "$project_seconds" "$program" -noLogo "${colour[@]}" -result-xml "$result" "$@" </dev/null || rc=$?
    count_project "${program##*/}" "$result" "$rc"
    if (($# == 0)) && grep -qs '<assembly [^>]* total="0"' "$result"; then
        say "FAILED: ${program##*/} has no tests"
        failed=$((failed + 1))
    fi
}

# The runner's report is the truth; a runner that ended without one has crashed, and that is a failure.
count_project() {
    local name=$1 result=$2 rc=$3 summary=''
    if [[ -r $result ]]; then summary=$(grep -m1 -o '<assembly [^>]*>' "$result") || true; fi
    if [[ -z $summary ]]; then
        if ((rc == 124 || rc == 137)); then say "FAILED: $name was stopped after $project_seconds s"; else say "FAILED: $name crashed (exit code $rc)"; fi
        failed=$((failed + 1))
        return
    fi
    local now_failed=$(($(attribute failed "$summary") + $(attribute errors "$summary")))
    if ((rc != 0 && now_failed == 0)); then
        say "FAILED: $name passed its tests but ended with exit code $rc"
        now_failed=1
    fi
    passed=$((passed + $(attribute passed "$summary")))
    failed=$((failed + now_failed))
    skipped=$((skipped + $(attribute skipped "$summary")))
}

attribute() { if [[ $2 =~ [[:space:]]$1=\"([0-9]+)\" ]]; then echo "${BASH_REMATCH[1]}"; else echo 0; fi; }

# They print one line a test, `ok NAME` or `not ok NAME`.
run_script_tests() {
    local script output rc
    for script in "$root"/tests/setup/*.sh; do
        say "running ${script#"$root/"}"
        rc=0
        output=$(timeout --foreground --kill-after=15 "$project_seconds" bash "$script" </dev/null) || rc=$?
        printf '%s\n' "$output"
        passed=$((passed + $(grep -c '^ok ' <<<"$output" || true)))
        failed=$((failed + $(grep -c '^not ok ' <<<"$output" || true)))
        if ((rc != 0)) && ! grep -q '^not ok ' <<<"$output"; then
            say "FAILED: ${script##*/} ended with exit code $rc"
            failed=$((failed + 1))
        fi
    done
}

# Containers of ours and programs of this checkout, one a line.
ours_running() {
    local exe program
    timeout 30 docker ps --all --no-trunc --filter label=moru --format 'container {{.ID}} {{.Names}}'
    for exe in /proc/[0-9]*/exe; do
        program=$(readlink "$exe" 2>/dev/null) || continue
        if [[ $program == "$root"/* ]]; then echo "process $(cut -d/ -f3 <<<"$exe") ${program##*/}"; fi
    done
}

leaks() {
    ours_running | grep -vxFf <(printf '%s\n' "$1" "none before") || true
    # What the runtime of .NET keeps of processes that were killed is not ours to clean.
    find "$2" -mindepth 1 -maxdepth 1 ! -name .dotnet ! -name 'clr-debug-pipe-*' ! -name 'dotnet-diagnostic-*' -printf 'file %f\n'
}

count_leaks() {
    local left tries
    for ((tries = 0; tries < 50; tries++)); do
        left=$(leaks "$1" "$2")
        if [[ -z $left ]]; then
            passed=$((passed + 1))
            return
        fi
        sleep 0.2
    done
    failed=$((failed + 1))
    say "FAILED: the tests left something behind:"
    sed 's/^/      /' <<<"$left" >&2
}

report() {
    local line="$passed passed, $failed failed"
    if ((skipped > 0)); then line+=", $skipped skipped"; fi
    # The check for leaks is one test that always runs.
    if ((passed + failed <= 1)); then
        say "no test ran"
        failed=1
    fi
    echo "$line"
    ((failed == 0))
}
