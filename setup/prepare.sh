# All set-up, in order. When everything is fresh it prints nothing and takes a fraction of a second.

# prepare [NEED...]: NEEDs are what the command needs beyond that.
prepare() {
    local needs=("$@")
    require_dotnet
    lock
    if ! ask_engine; then
        require_startable_engine
        command -v dockerd >/dev/null || needs+=(engine)
    fi
    envd_fresh || has_compiler || needs+=(compiler)

    require_installable "${needs[@]}"
    install_needs "${needs[@]}"
    prepare_engine
    prepare_base_image
    build_envd
    build_solution
    unlock
}
