# ./moru doctor: looks at everything Moru needs, changes nothing, and says how to mend what is wrong. Every look has a bound.

findings=0

good() { printf 'OK    %-16s %s\n' "$1" "$2"; }
doubtful() { printf 'WARN  %-16s %s\n      %-16s mend: %s\n' "$1" "$2" '' "$3"; }
bad() { printf 'FAIL  %-16s %s\n      %-16s mend: %s\n' "$1" "$2" '' "$3"; findings=$((findings + 1)); }

examine() {
    (require_dotnet) 2>/dev/null && require_dotnet
    examine_dotnet
    examine_engine
    if [[ -n $engine_api ]]; then
        export_engine_address
        examine_limits
        examine_firewall
        examine_base_image
        examine_template_images
        examine_engine_disk
        examine_disk_limits
    fi
    examine_envd
    examine_solution
    examine_port 3000 http --port
    examine_port 3443 https --https-port
    examine_data_directory
    examine_dns
    ((findings == 0))
}

examine_dotnet() {
    if [[ -n ${dotnet_version:-} ]]; then good '.NET SDK' "$dotnet_version"; else
        bad '.NET SDK' "no SDK that suits $(tr -d ' \n' <"$root/global.json")" 'https://learn.microsoft.com/dotnet/core/install/linux'
    fi
}

examine_engine() {
    local where
    where=$(engine_address)
    if ! ask_engine; then
        bad 'engine' "none answers at $where: $engine_silence" "$(engine_mend)"
    elif ((${engine_api#1.} < oldest_api)); then
        bad 'engine' "$where speaks API $engine_api, which is too old" "upgrade to Docker Engine 20.10 or newer"
    else
        good 'engine' "$(timeout 10 docker version --format '{{.Server.Version}}'), API $engine_api, at $where"
    fi
}

engine_mend() {
    if [[ $engine_silence == *'permission denied'* ]]; then echo "sudo usermod -aG docker $(id -un)   (then log in again)"
    elif ! is_local; then echo 'start that engine, or unset DOCKER_HOST (or: docker context use default)'
    elif may_install || command -v dockerd >/dev/null && may_become_root; then echo './moru build installs and starts Docker Engine'
    elif command -v dockerd >/dev/null; then start_line
    else install_line engine
    fi
}

examine_limits() {
    local info missing=() warning
    info=$(timeout 10 docker info --format 'v{{.CgroupVersion}} memory={{.MemoryLimit}} swap={{.SwapLimit}} cpu={{.CPUCfsQuota}} pids={{.PidsLimit}}' 2>/dev/null) || true
    for warning in memory swap cpu pids; do
        if [[ $info == *"$warning=false"* ]]; then missing+=("$warning"); fi
    done
    if [[ -z $info ]]; then
        doubtful 'limits' 'the engine did not say within 10 s which limits it can set' 'docker info'
    elif ((${#missing[@]} > 0)); then
        doubtful 'limits' "the kernel cannot limit: ${missing[*]}; a sandbox may take more than its share" 'boot with the kernel parameters: cgroup_enable=memory swapaccount=1'
    else
        good 'limits' "memory, swap, cpu and pids (cgroup ${info%% *})"
    fi
}

examine_template_images() {
    local name
    for name in python node; do
        if template_image_fresh "$name"; then good "template $name" "moru/$name:latest"
        else doubtful "template $name" "moru/$name:latest is missing or out of date; sandboxes of this template need it" './moru build'; fi
    done
}

examine_firewall() {
    local version
    if ! is_local || [[ $(uname -s) != Linux ]] || timeout 10 docker info --format '{{.SecurityOptions}}' 2>/dev/null | grep -q name=rootless; then
        doubtful 'network rules' 'cannot be enforced on an engine in a network of its own; sandboxes reach whatever it reaches' 'use Docker Engine on this Linux machine, as root'
    elif ! version=$(PATH=$PATH:/usr/sbin:/sbin timeout 5 nft --version 2>/dev/null); then
        doubtful 'network rules' 'nft is missing, so that sandboxes reach whatever this machine reaches' 'sudo apt-get install -y nftables   (or that package of your distribution)'
    elif ! (PATH=$PATH:/usr/sbin:/sbin; command -v ip && command -v nsenter) >/dev/null; then
        doubtful 'network rules' 'ip or nsenter is missing, so that sandboxes reach whatever this machine reaches' 'sudo apt-get install -y iproute2 util-linux   (or those packages of your distribution)'
    elif ! is_root; then
        doubtful 'network rules' 'only a server that is root can enforce them; other servers leave sandboxes what this machine reaches' 'start the server as root'
    else
        good 'network rules' "${version%% (*}"
        examine_input_firewall
    fi
}

# A packet that one chain drops is gone, whatever our own table says: a firewall of the machine must let the bridges reach the server's resolver and proxy.
examine_input_firewall() {
    local rules closed bridges bridge family table chain mend
    rules=$(PATH=$PATH:/usr/sbin:/sbin timeout 10 nft list ruleset 2>/dev/null) || return 0
    closed=$(awk '/^table / { table = $2 " " $3 } /^\tchain / { chain = $2 } table ~ /^(ip|inet) / && /hook input .*policy drop/ { print table, chain; exit }' <<<"$rules")
    [[ -n $closed ]] || return 0
    # Before the first sandbox there is no bridge yet.
    bridges=$(sandbox_bridges)
    for bridge in ${bridges:-'moru-*'}; do
        if grep -E 'iifname "moru-' <<<"$rules" | grep -F -e "\"$bridge\"" -e '"moru-*"' | grep -q ' accept'; then continue; fi
        read -r family table chain <<<"$closed"
        mend="sudo nft insert rule $family $table $chain iifname '\"$bridge\"' accept"
        if [[ -n $bridges ]] && has_ufw; then mend="sudo ufw allow in on $bridge"; fi
        doubtful 'input firewall' "$family $table $chain drops what sandboxes on $bridge ask the server's resolver and proxy; names do not resolve" "$mend"
    done
}

has_ufw() { command -v ufw >/dev/null; }

sandbox_bridges() { (cd /sys/class/net && compgen -G 'moru-[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]') || true; }

examine_base_image() {
    if base_image_fresh; then
        good 'base image' "$base_image, $(($(docker image inspect --format '{{.Size}}' "$base_image") / 1000000)) MB"
    elif docker image inspect "$base_image" >/dev/null 2>&1; then
        doubtful 'base image' "$base_image was made from other inputs than images/base and this machine's certificates are now" './moru build'
    else
        bad 'base image' "$base_image is missing" './moru build'
    fi
}

examine_engine_disk() {
    local directory
    directory=$(timeout 10 docker info --format '{{.DockerRootDir}}' 2>/dev/null) || true
    # An engine on another machine has its disk there.
    if is_local && [[ -d $directory ]]; then examine_disk 'disk of engine' "$directory" 'docker system df shows what takes the space; docker image prune frees what nothing uses'; fi
}

examine_disk_limits() {
    local driver directory
    driver=$(timeout 10 docker info --format '{{.Driver}} {{range .DriverStatus}}{{join . " "}} {{end}}' 2>/dev/null) || true
    directory=$(timeout 10 docker info --format '{{.DockerRootDir}}' 2>/dev/null) || true
    case $driver in
        *io.containerd.snapshotter*) ;;
        'overlay2 '*' xfs '*) if [[ $(disk_options "$directory") == *,p*quota* ]]; then driver=limited; fi ;;
        btrfs\ * | zfs\ *) driver=limited ;;
    esac
    if [[ $driver == limited ]]; then good 'disk limits' 'the engine can limit what each sandbox writes'; else
        doubtful 'disk limits' "the engine cannot limit what a sandbox writes (${driver%% *}); one may fill the disk of all" 'put the directory of the engine on xfs mounted with pquota (docs/operations.md)'
    fi
}

disk_options() { timeout 5 findmnt --noheadings --output OPTIONS --target "$1" 2>/dev/null; }

examine_disk() {
    local free
    free=$(timeout 5 df --output=avail --block-size=1M "$2" | tail -n 1 | tr -d ' ') || true
    if [[ -z $free ]]; then
        doubtful "$1" "its free space is not known ($2)" "df $2"
    elif ((free < 2000)); then
        bad "$1" "$free MB free in $2; sandboxes need 2 GB" "$3"
    elif ((free < 10000)); then
        doubtful "$1" "$free MB free in $2; 10 GB are comfortable" "$3"
    else
        good "$1" "$((free / 1000)) GB free in $2"
    fi
}

examine_envd() {
    local version
    if [[ ! -x $envd ]]; then
        bad 'envd' 'is not built' './moru build'
    elif ! version=$(timeout 5 "$envd" --version 2>&1 </dev/null); then
        bad 'envd' "does not run: ${version:-no answer within 5 s}" "rm -r artifacts/envd && ./moru build"
    elif [[ $(timeout 5 ldd "$envd" 2>&1) != *'static'* && $(timeout 5 ldd "$envd" 2>&1) != *'not a dynamic'* ]]; then
        bad 'envd' 'is not static, so it cannot run in every image' "rm -r artifacts/envd && ./moru build"
    elif [[ -n ${dotnet_version:-} ]] && ! envd_fresh; then
        doubtful 'envd' 'is older than its source' './moru build'
    else
        good 'envd' "${version:-(no version)}, static, $(($(stat -c %s "$envd") / 1000)) KB"
    fi
}

examine_solution() {
    if [[ -n ${dotnet_version:-} ]] && solution_fresh; then good 'solution' 'built'; else doubtful 'solution' 'is not built, or older than its source' './moru build'; fi
}

examine_port() {
    local port=$1 scheme=$2 option=$3 answer
    if ! is_listening "$port"; then
        good 'port' "$port is free (./moru serve uses it for $scheme)"
        return
    fi
    answer=$(ask_port "$port" "$scheme" | tr -d '\r' | head -c 2000) || true
    # Moru answers each request without a key in this form.
    if [[ $answer == *'"code":401'* || $answer == *'"code": 401'* ]]; then
        good 'port' "$port is served by Moru ($scheme)"
    else
        doubtful 'port' "$port on 127.0.0.1 is taken by another program; ./moru mcp does not need it, ./moru serve does" "./moru serve $option N, or find the program: ss -tlnp 'sport = :$port'"
    fi
}

is_listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

ask_port() {
    case $2 in
        http) timeout 3 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1"; printf "GET /sandboxes/doctor HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n" >&3; cat <&3' bash "$1" 2>/dev/null ;;
        # Only to recognize our own: whatever certificate it has.
        https) printf 'GET /sandboxes/doctor HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' | timeout 3 openssl s_client -quiet -connect "127.0.0.1:$1" 2>/dev/null ;;
    esac
}

data_directory() { echo "${MORU_DATA_DIR:-${XDG_DATA_HOME:-$HOME/.local/share}/moru}"; }

examine_data_directory() {
    local directory existing
    directory=$(data_directory)
    existing=$directory
    while [[ ! -e $existing ]]; do existing=$(dirname "$existing"); done
    if [[ -d $existing && -w $existing ]]; then good 'data directory' "$directory is writable"; else
        bad 'data directory' "$directory cannot be written: $existing belongs to $(stat -c %U "$existing")" "sudo chown $(id -un) $existing, or set MORU_DATA_DIR to a directory of yours"
    fi
    examine_disk 'disk of data' "$existing" 'free some space, or set MORU_DATA_DIR to a directory on a larger disk'
}

examine_dns() {
    local name=deb.debian.org on_host=no in_sandbox=no container=moru-doctor-$$
    if timeout 10 getent hosts "$name" >/dev/null; then on_host=yes; fi
    if [[ $on_host == yes ]]; then good 'DNS on host' "$name resolves"; else
        doubtful 'DNS on host' "$name does not resolve; sandboxes work, but without names of the internet" 'look at /etc/resolv.conf'
    fi
    if [[ -z $engine_api ]] || ! docker image inspect "$base_image" >/dev/null 2>&1; then return; fi
    if timeout 30 docker run --rm --name "$container" "$base_image" timeout 10 getent hosts "$name" >/dev/null 2>&1; then in_sandbox=yes; fi
    timeout 10 docker rm --force "$container" >/dev/null 2>&1 || true
    case $on_host/$in_sandbox in
        */yes) good 'DNS in sandbox' "$name resolves in a container on the engine's bridge" ;;
        yes/no) bad 'DNS in sandbox' "$name resolves here but not in a container on the engine's bridge" "a firewall may stop the bridge (sudo iptables -L FORWARD), or the resolver is only for this host: name another one as \"dns\" in /etc/docker/daemon.json" ;;
        *) doubtful 'DNS in sandbox' "$name does not resolve" 'first mend DNS on the host' ;;
    esac
}
