# ./moru pack: the MCP server as a .NET tool, for this machine's kind of processor.

readonly packages_out=$artifacts/packages

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
    step "packing moru-mcp" pack_tool
    say "packages are in $packages_out"
}
