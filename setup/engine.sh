# Docker Engine: does one answer, and if not, get one going. An engine that answers is never installed over, restarted or configured.

readonly default_engine=unix:///var/run/docker.sock
readonly oldest_api=41
readonly dockerd_log=/var/log/moru-dockerd.log

# Sets engine_api, or engine_silence with the reason why there is none.
ask_engine() {
    local answer
    engine_api='' engine_silence='the docker command is not installed'
    command -v docker >/dev/null || return
    answer=$(timeout 10 docker version --format 'api={{.Server.APIVersion}}' 2>&1) || true
    if [[ $answer =~ api=(1\.[0-9]+) ]]; then
        engine_api=${BASH_REMATCH[1]}
        return
    fi
    answer=${answer#api=}
    answer=${answer#$'\n'}
    engine_silence=${answer//$'\n'/ }
    engine_silence=${engine_silence:-it did not answer within 10 s}
    return 1
}

engine_address() {
    if [[ -n ${DOCKER_HOST:-} ]]; then echo "$DOCKER_HOST"; return; fi
    timeout 10 docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null || echo "$default_engine"
}

is_local() { [[ $(engine_address) == "$default_engine" || $(engine_address) == unix:///run/docker.sock ]]; }

# Moru's server reads DOCKER_HOST and knows nothing of docker contexts.
export_engine_address() {
    if ! is_local; then DOCKER_HOST=$(engine_address); export DOCKER_HOST; fi
}

check_engine_version() {
    if ((${engine_api#1.} < oldest_api)); then
        fail "the container engine is too old: it speaks API $engine_api, and API 1.$oldest_api (Docker Engine 20.10) is the oldest that works" "upgrade it, or point DOCKER_HOST to a newer one"
    fi
}

# Called when nothing answers. Returns when an engine may be installed or started here; else says what to do.
require_startable_engine() {
    if ! is_local; then
        fail "no container engine answers at $(engine_address): $engine_silence" "start that engine, or unset DOCKER_HOST (or: docker context use default) to use one on this machine"
    fi
    if [[ $engine_silence == *'permission denied'* ]]; then
        enter_docker_group
        fail "an engine runs here, but its socket does not let you in. Nothing was changed. Run, log in again, then try again:" "sudo usermod -aG docker $(id -un)"
    fi
    if ! command -v docker >/dev/null && grep -qs ' /\(var/\)\?run/docker.sock$' /proc/net/unix; then
        fail "an engine listens at $default_engine, but the docker command is missing. Nothing was changed. Install the command that belongs to that engine, or:" "sudo apt-get install -y docker-cli   (where there is no such package: docker.io)"
    fi
    if command -v dockerd >/dev/null && ! may_become_root; then
        fail "Docker Engine is installed but does not run, and you are not root and sudo asks for a password. Nothing was changed. Run, then try again:" "$(start_line)"
    fi
}

has_systemd() { [[ -d /run/systemd/system ]]; }

start_line() { if has_systemd; then echo 'sudo systemctl start docker'; else echo "sudo sh -c 'setsid --fork dockerd >$dockerd_log 2>&1 </dev/null'"; fi; }

start_engine() {
    if has_systemd; then
        as_root systemctl start docker || { as_root journalctl --no-pager -n 15 -u docker; return 1; }
    else
        mount_cgroups || return
        forget_dead dockerd /var/run/docker.pid
        forget_dead containerd /var/run/docker/containerd/containerd.pid
        as_root bash -c 'cd / && setsid --fork dockerd >"$0" 2>&1 </dev/null' "$dockerd_log" || return
    fi
    await_engine
}

# Without systemd nobody may have mounted them, and no container starts without.
mount_cgroups() {
    grep -qE ' cgroup2? ' /proc/self/mounts || as_root mount -t cgroup2 cgroup2 /sys/fs/cgroup
}

# dockerd takes any process with the number in the file for itself, and where /var/run outlives a crash the number is soon another's.
forget_dead() {
    if [[ -e $2 ]] && ! grep -qs "^$(<"$2") ($1) [^Z]" "/proc/$(<"$2")/stat"; then as_root rm -f "$2"; fi
}

await_engine() {
    local end=$((SECONDS + 60)) begun=$SECONDS
    while ((SECONDS < end)); do
        # A socket that refuses this user is one that a running engine has made.
        if ask_engine || [[ $engine_silence == *'permission denied'* ]]; then return; fi
        if ((SECONDS > begun + 2)) && ! has_systemd && ! grep -qs '^[0-9]* (dockerd) [^Z]' /proc/[0-9]*/stat; then break; fi
        sleep 0.2
    done
    echo "Docker Engine does not answer: $engine_silence"
    has_systemd || as_root tail -n 15 "$dockerd_log"
    if ! has_systemd && as_root grep -qi iptables "$dockerd_log"; then
        echo "If iptables is the reason, this often mends it: sudo update-alternatives --set iptables /usr/sbin/iptables-legacy"
    fi
    return 1
}

# Somebody who becomes root without a password may as well be in the group; a login session learns of it only when it is new, so run the script again inside.
enter_docker_group() {
    if [[ -n ${MORU_IN_DOCKER_GROUP:-} ]] || ! getent group docker | grep -qE "[:,]$(id -un)(,|$)"; then return; fi
    export MORU_IN_DOCKER_GROUP=1
    # sg stays as the parent, and would hold the lock that its child waits for.
    unlock
    exec sg docker -c "$(printf '%q ' "$root/moru" "${arguments[@]}")"
}

let_user_in() {
    if is_root || ask_engine; then return; fi
    step "adding $(id -un) to the group docker" as_root usermod -aG docker "$(id -un)"
    enter_docker_group
}

prepare_engine() {
    if ! ask_engine; then
        step "starting Docker Engine" start_engine
        let_user_in
        ask_engine || fail "Docker Engine was started but does not answer: $engine_silence"
    fi
    check_engine_version
    export_engine_address
}
