# envd (a static executable for the sandboxes) and the solution.

readonly envd=$artifacts/envd/envd
readonly moru_mcp=$root/src/Moru.Mcp/bin/Release/net10.0/moru-mcp
readonly moru_demo=$root/samples/Moru.Demo/bin/Release/net10.0/Moru.Demo.dll
readonly moru_evals=$root/evals/Moru.Evals/bin/Release/net10.0/Moru.Evals.dll
readonly moru_bench=$root/bench/Moru.Bench/bin/Release/net10.0/Moru.Bench.dll
readonly build_settings=(Directory.Build.props Directory.Packages.props global.json .editorconfig)

# Nothing that stays behind: no build servers, and no questions.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE=true

require_dotnet() {
    local place version
    for place in "${DOTNET_ROOT:-}" "$HOME/.dotnet" /usr/share/dotnet /usr/lib/dotnet; do
        command -v dotnet >/dev/null && break
        [[ -n $place && -x $place/dotnet ]] && PATH=$PATH:$place
    done
    if ! command -v dotnet >/dev/null || ! version=$(cd "$root" && dotnet --version 2>&1); then
        fail "the .NET SDK 10 is missing. Nothing was changed. Install it, then try again:" \
            "Ubuntu: sudo apt-get update && sudo apt-get install -y dotnet-sdk-10.0" \
            "Debian: https://learn.microsoft.com/dotnet/core/install/linux-debian, or into your home directory:" \
            "        curl -sSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0"
    fi
    dotnet_version=$version
    # Programs that the build makes look for the runtime there.
    DOTNET_ROOT=${DOTNET_ROOT:-$(dirname "$(readlink -f "$(command -v dotnet)")")}
    export DOTNET_ROOT
}

runtime_identifier() {
    case $(uname -m) in
        x86_64) echo linux-x64 ;;
        aarch64) echo linux-arm64 ;;
        *) fail "envd is built for x86_64 and aarch64, and this machine is $(uname -m)" ;;
    esac
}

has_compiler() { command -v clang >/dev/null && command -v ld.lld >/dev/null && [[ -e /usr/include/zlib.h ]]; }

envd_inputs() { echo "$(hash_of src/Moru.Envd src/Moru.Protocol "${build_settings[@]}") $(uname -m) $dotnet_version"; }

envd_fresh() { [[ -x $envd ]] && stamped envd "$(envd_inputs)"; }

publish_envd() {
    local new=$artifacts/envd.new
    rm -rf "$new"
    (cd "$root" && dotnet publish src/Moru.Envd -c Release -r "$(runtime_identifier)" -o "$new" -v quiet -p:UseSharedCompilation=false) || return
    "$new/envd" --version || return
    # Only now, so that a build that is stopped leaves the agent there was.
    rm -rf "${envd%/*}"
    mv "$new" "${envd%/*}"
}

build_envd() {
    local inputs
    if envd_fresh; then return; fi
    inputs=$(envd_inputs)
    step "building envd, the agent inside each sandbox" publish_envd
    stamp envd "$inputs"
}

solution_inputs() { echo "$(hash_of src tests samples bench evals Moru.sln "${build_settings[@]}") $dotnet_version"; }

solution_fresh() { [[ -x $moru_mcp && -r $moru_demo ]] && stamped solution "$(solution_inputs)"; }

compile_solution() { (cd "$root" && dotnet build Moru.sln -c Release -v quiet -p:UseSharedCompilation=false); }

build_solution() {
    local inputs
    if solution_fresh; then return; fi
    inputs=$(solution_inputs)
    step "building the solution" compile_solution
    stamp solution "$inputs"
}
