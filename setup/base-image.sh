# The built-in template `base`; how it is made is in images/base.

readonly base_image=moru/base:latest

base_image_inputs() { docker image inspect --format '{{index .Config.Labels "moru.image.inputs"}}' "$base_image" 2>/dev/null; }

base_image_fresh() { [[ $(base_image_inputs) == "$("$root/images/base/build" inputs)" ]]; }

prepare_base_image() {
    if base_image_fresh; then return; fi
    local from=registry start=$EPOCHREALTIME
    mkdir -p "$artifacts/logs"
    say "the base image is missing or out of date"
    # Not a step: no answer from a registry is an ordinary thing.
    if ! timeout 330 "$root/images/base/build" pull >"$artifacts/logs/pull.log" 2>&1 </dev/null 9>&-; then
        from=mirror
        say "no registry has Debian for us ($(seconds_since "$start")); using the Debian mirror"
        if ! command -v mmdebstrap >/dev/null; then
            require_installable bootstrap
            install_needs bootstrap
        fi
    fi
    step "building the base image" "$root/images/base/build" "from-$from"
}
