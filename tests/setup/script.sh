#!/bin/bash
# Tests of ./moru and its parts, without touching the machine: programs that would do so are replaced by functions or an empty PATH.
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0

# check NAME COMMAND...: COMMAND runs in a shell of its own that has loaded the parts of the script.
check() {
    local name=$1 output
    shift
    if output=$(in_shell "$@" 2>&1); then echo "ok $name"; else
        echo "not ok $name"
        sed 's/^/    /' <<<"$output"
        failures=$((failures + 1))
    fi
}

in_shell() {
    (
        set -euo pipefail
        root=$repository artifacts=$scratch/artifacts arguments=()
        mkdir -p "$artifacts"
        for part in say stamps packages engine base-image build prepare test doctor; do source "$root/setup/$part.sh"; done
        "$@"
    )
}

expect() { [[ $1 == "$2" ]] || { printf 'expected: %s\nbut was:  %s\n' "$2" "$1"; return 1; }; }

expect_part() { [[ $1 == *"$2"* ]] || { printf 'expected a part: %s\nof: %s\n' "$2" "$1"; return 1; }; }

every_script_parses() {
    local script
    for script in "$root/moru" "$root"/setup/*.sh "$root"/images/base/{build,provision} "$root/.ci/run"; do bash -n "$script" || return; done
}

every_script_passes_shellcheck() {
    # Parts use each other's variables, which shellcheck cannot see across files.
    shellcheck --severity=warning --shell=bash --exclude=SC1090,SC1091,SC2034,SC2154 "$root/moru" "$root"/setup/*.sh "$root/images/base/build" "$root/.ci/run" &&
        shellcheck --severity=warning "$root/images/base/provision"
}

a_step_that_fails_shows_its_reason() {
    broken() { echo "the reason"; return 3; }
    local output
    output=$(step "doing it" broken 2>&1) && { echo "it went on"; return 1; }
    expect_part "$output" "  | the reason" && expect_part "$output" "exit code 3"
}

a_step_keeps_stdout_clean() {
    chatty() { echo noise; echo noise >&2; }
    expect "$(step "doing it" chatty 2>/dev/null)" ""
}

a_stamp_is_stale_when_a_file_changes() {
    root=$scratch
    mkdir -p "$scratch/src/obj"
    echo one >"$scratch/src/file"
    stamp thing "$(hash_of src)"
    echo noise >"$scratch/src/obj/file"
    stamped thing "$(hash_of src)" || { echo "stale because of build output"; return 1; }
    echo two >"$scratch/src/file"
    ! stamped thing "$(hash_of src)" || { echo "fresh after a change"; return 1; }
}

without_root_it_says_what_to_install() {
    may_become_root() { return 1; }
    distribution() { echo debian; }
    local output
    output=$(require_installable engine compiler 2>&1) && { echo "it went on"; return 1; }
    expect_part "$output" "Nothing was changed" &&
        expect_part "$output" "sudo apt-get install -y docker.io iptables" && expect_part "$output" "sudo apt-get install -y clang lld"
}

another_system_gets_its_own_lines() {
    distribution() { echo fedora; }
    local output
    output=$(require_installable engine 2>&1) && { echo "it went on"; return 1; }
    expect_part "$output" "sudo dnf install -y moby-engine"
}

only_the_tests_ask_for_node() {
    require_dotnet() { :; }; ask_engine() { :; }; envd_fresh() { :; }; has_node() { return 1; }
    require_installable() { echo "needs: $*"; exit; }
    expect "$(prepare)" "needs: " && expect "$(run_tests)" "needs: node" && expect "$(debian_packages node)" "nodejs npm"
}

a_foreign_engine_that_is_silent_is_not_replaced() {
    engine_silence='nobody home'
    local output
    output=$(DOCKER_HOST=tcp://127.0.0.1:1 require_startable_engine 2>&1) && { echo "it went on"; return 1; }
    expect_part "$output" "no container engine answers at tcp://127.0.0.1:1"
}

an_old_engine_is_refused() {
    engine_api=1.40
    local output
    output=$(check_engine_version 2>&1) && { echo "it went on"; return 1; }
    expect_part "$output" "API 1.40"
}

disk_limits_are_told_as_they_are() {
    timeout() { shift; "$@"; }
    docker() { if [[ $* == *DockerRootDir* ]]; then echo /var/lib/docker; else echo "$storage"; fi; }
    disk_options() { echo "$options"; }
    local storage='overlay2 Backing Filesystem xfs Supports d_type true ' options=rw,prjquota
    expect_part "$(examine_disk_limits)" "OK    disk limits" || return
    options=rw,noquota
    expect_part "$(examine_disk_limits)" "WARN  disk limits" || return
    storage='overlay2 Backing Filesystem extfs Supports d_type true ' options=rw,prjquota
    expect_part "$(examine_disk_limits)" "WARN  disk limits" || return
    storage='btrfs Btrfs: ' options=rw
    expect_part "$(examine_disk_limits)" "OK    disk limits"
}

a_port_is_free_ours_or_taken() {
    is_listening() { return 1; }
    expect_part "$(examine_port 3443 https --https-port)" "OK    port             3443 is free" || return
    is_listening() { :; }
    ask_port() { echo '{"code":401,"message":"X-API-Key authorization header is missing"}'; }
    expect_part "$(examine_port 3443 https --https-port)" "OK    port             3443 is served by Moru (https)" || return
    ask_port() { echo 'HTTP/1.1 200 OK'; }
    expect_part "$(examine_port 3443 https --https-port)" "mend: ./moru serve --https-port N"
}

a_firewall_that_keeps_sandboxes_from_names_is_told() {
    local place=md$$ output
    ip netns add "$place"
    nft() { ip netns exec "$place" nft "$@"; }
    timeout() { shift; "$@"; }
    sandbox_bridges() { echo moru-0123abcd; }
    has_ufw() { return 1; }
    trap "ip netns delete $place" EXIT
    nft add table inet wall
    nft add table ip6 wall
    nft add chain ip6 wall incoming '{ type filter hook input priority filter; policy drop; }'
    expect "$(examine_input_firewall)" '' || return
    nft add chain inet wall incoming '{ type filter hook input priority filter; policy drop; }'
    output=$(examine_input_firewall)
    expect_part "$output" "inet wall incoming drops what sandboxes on moru-0123abcd ask" || return
    eval "${output##*mend: sudo }" || return
    expect "$(examine_input_firewall)" ''
}

the_doctor_looks_at_both_ports() { expect_part "$(declare -f examine)" "examine_port 3000 http" && expect_part "$(declare -f examine)" "examine_port 3443 https"; }

write_report() { echo "<assemblies><assembly name=\"x\" errors=\"0\" failed=\"$2\" not-run=\"0\" passed=\"$1\" skipped=\"$3\" total=\"9\"><test result=\"Pass\"/></assembly></assemblies>" >"$scratch/report.xml"; }

results_are_summed() {
    write_report 4 0 1
    count_project A "$scratch/report.xml" 0
    write_report 2 1 0
    count_project B "$scratch/report.xml" 1
    expect "$(report)" "6 passed, 1 failed, 1 skipped"
}

a_failure_makes_the_run_fail() { passed=5 failed=1; ! report; }

a_run_without_tests_fails() { passed=1; ! report; }

a_crashed_project_is_a_failure() {
    count_project A "$scratch/no-report.xml" 134
    expect "$failed" 1
}

a_container_that_stays_is_a_leak() {
    ours_running() { printf 'container 1 old\ncontainer 2 moru-new\n'; }
    mkdir -p "$scratch/empty"
    expect "$(leaks 'container 1 old' "$scratch/empty")" "container 2 moru-new"
}

the_demo_data_is_what_its_readme_says() {
    expect_part "$(<"$root/samples/data/README.md")" "$(sha256sum "$root/samples/data/seattle-weather.csv" | cut -d' ' -f1)"
}

check Every_script_parses every_script_parses
if command -v shellcheck >/dev/null; then check Every_script_passes_shellcheck every_script_passes_shellcheck; fi
check A_step_that_fails_shows_its_reason a_step_that_fails_shows_its_reason
check A_step_keeps_stdout_clean a_step_keeps_stdout_clean
check A_stamp_is_stale_when_a_file_changes a_stamp_is_stale_when_a_file_changes
check Without_root_it_says_what_to_install without_root_it_says_what_to_install
check Another_system_gets_its_own_lines another_system_gets_its_own_lines
check Only_the_tests_ask_for_node only_the_tests_ask_for_node
check A_foreign_engine_that_is_silent_is_not_replaced a_foreign_engine_that_is_silent_is_not_replaced
check An_old_engine_is_refused an_old_engine_is_refused
check Disk_limits_are_told_as_they_are disk_limits_are_told_as_they_are
check A_port_is_free_ours_or_taken a_port_is_free_ours_or_taken
check A_firewall_that_keeps_sandboxes_from_names_is_told a_firewall_that_keeps_sandboxes_from_names_is_told
check The_doctor_looks_at_both_ports the_doctor_looks_at_both_ports
check Results_are_summed results_are_summed
check A_failure_makes_the_run_fail a_failure_makes_the_run_fail
check A_run_without_tests_fails a_run_without_tests_fails
check A_crashed_project_is_a_failure a_crashed_project_is_a_failure
check A_container_that_stays_is_a_leak a_container_that_stays_is_a_leak
check The_demo_data_is_what_its_readme_says the_demo_data_is_what_its_readme_says
exit $((failures > 0))
