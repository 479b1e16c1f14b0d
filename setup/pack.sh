# ./moru pack: the MCP server as a .NET tool, for this machine's kind of processor.

readonly packages_out=$artifacts/packages

packed_mcp() { echo "$artifacts/pack/publish/Moru.Mcp/release_$(runtime_identifier)/moru-mcp"; }

pack_inputs() { echo "$(hash_of src "${build_settings[@]}") $(uname -m) $dotnet_version"; }

pack_fresh() { [[ -d $packages_out && -d $artifacts/pack/publish ]] && stamped pack "$(pack_inputs)"; }

pack_tool() {
    rm -rf "$packages_out"
    # The one that names the others, and that of this kind of processor: native code is made where it runs.
    pack_package && pack_package -r "$(runtime_identifier)"
}

pack_package() {
    (cd "$root" && dotnet pack src/Moru.Mcp "$@" -c Release -o "$packages_out" --artifacts-path "$artifacts/pack" -v quiet \
        -p:MoruPack=true -p:MoruPackRuntime="$(runtime_identifier)" -p:UseSharedCompilation=false)
}

pack() {
    require_dotnet
    build_envd
    # Minutes of compiling, which the container image needs as well.
    if ! pack_fresh; then
        local inputs
        inputs=$(pack_inputs)
        step "packing moru-mcp" pack_tool
        stamp pack "$inputs"
    fi
    say "packages are in $packages_out"
}
