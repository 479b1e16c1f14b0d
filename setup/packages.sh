# Packages of the distribution: what is missing, how to get it, and whether this script may.

distribution() {
    local ID='' ID_LIKE=''
    if [[ -r /etc/os-release ]]; then source /etc/os-release; fi
    case " $ID $ID_LIKE " in
        *' debian '* | *' ubuntu '*) echo debian ;;
        *' fedora '* | *' rhel '*) echo fedora ;;
        *' arch '*) echo arch ;;
        *' suse '* | *' opensuse '*) echo suse ;;
        *' alpine '*) echo alpine ;;
        *) echo other ;;
    esac
}

is_root() { [[ $EUID -eq 0 ]]; }

may_become_root() { is_root || sudo -n true 2>/dev/null; }

as_root() { if is_root; then "$@"; else sudo -n "$@"; fi; }

may_install() { [[ $(distribution) == debian ]] && command -v apt-get >/dev/null && may_become_root; }

# The command line that installs what NEED (engine, compiler, bootstrap or node) stands for on this system.
install_line() {
    case $(distribution)/$1 in
        debian/engine) echo "sudo apt-get update && sudo apt-get install -y $(debian_packages engine) && sudo usermod -aG docker $(id -un)   (then log in again)" ;;
        debian/*) echo "sudo apt-get update && sudo apt-get install -y $(debian_packages "$1")" ;;
        fedora/engine) echo "sudo dnf install -y moby-engine nftables iproute && sudo systemctl enable --now docker" ;;
        fedora/compiler) echo "sudo dnf install -y clang lld zlib-devel" ;;
        fedora/node) echo "sudo dnf install -y nodejs nodejs-npm" ;;
        arch/engine) echo "sudo pacman -S --needed docker nftables iproute2 && sudo systemctl enable --now docker" ;;
        arch/compiler) echo "sudo pacman -S --needed clang lld zlib" ;;
        arch/node) echo "sudo pacman -S --needed nodejs npm" ;;
        suse/engine) echo "sudo zypper install -y docker nftables iproute2 && sudo systemctl enable --now docker" ;;
        suse/compiler) echo "sudo zypper install -y clang lld zlib-devel-static" ;;
        suse/node) echo "sudo zypper install -y nodejs-default npm-default" ;;
        alpine/engine) echo "sudo apk add docker nftables iproute2 util-linux-misc && sudo rc-service docker start" ;;
        alpine/compiler) echo "sudo apk add clang lld build-base zlib-static" ;;
        alpine/node) echo "sudo apk add nodejs npm" ;;
        */engine) echo "Docker Engine 20.10 or newer: https://docs.docker.com/engine/install/" ;;
        */compiler) echo "clang, lld and the development files of zlib, for the static build of envd" ;;
        */node) echo "Node.js 18 or newer with npm, for the tests with the official SDK" ;;
        */bootstrap) echo "nothing here can make a Debian without a registry; give the engine access to one that has $registry_image" ;;
    esac
}

debian_packages() {
    case $1 in
        engine) echo docker.io iptables nftables iproute2 apparmor ca-certificates ;;
        compiler) echo clang lld zlib1g-dev ;;
        bootstrap) echo mmdebstrap debian-archive-keyring ;;
        node) echo nodejs npm ;;
    esac
}

# Before anything is changed: may this script get all that is needed? If not, say it all at once.
require_installable() {
    if (($# == 0)) || may_install; then return; fi
    local need lines=()
    for need in "$@"; do lines+=("$(install_line "$need")"); done
    if [[ $(distribution) == debian ]]; then
        fail "this needs packages, and you are not root and sudo asks for a password. Nothing was changed. Run, then try again:" "${lines[@]}"
    fi
    fail "this needs packages that it can install by itself only on Debian and Ubuntu. Nothing was changed. Install, then try again:" "${lines[@]}"
}

install_packages() {
    # A third-party source that does not answer is no reason to stop: the packages come from the distribution.
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 update || true
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$@" || return
}

# install_needs NEED...: all in one go, because apt is slow to start.
install_needs() {
    (($# > 0)) || return 0
    local need packages=()
    for need in "$@"; do read -ra words <<<"$(debian_packages "$need")"; packages+=("${words[@]}"); done
    step "installing ${packages[*]}" install_packages "${packages[@]}"
}
