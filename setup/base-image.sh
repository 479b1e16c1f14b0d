# The images of the built-in templates; how they are made is in images.

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

# The templates `python` and `node`, which not everybody needs: a server without them says so when a sandbox is asked for.
prepare_template_images() {
    local name
    lock
    for name in python node; do
        if template_image_fresh "$name"; then continue; fi
        step "building the image of the template $name" "$root/images/on-base" build "$name"
    done
    unlock
}

template_image_fresh() {
    [[ $(docker image inspect --format '{{index .Config.Labels "moru.image.inputs"}}' "moru/$1:latest" 2>/dev/null) == "$("$root/images/on-base" inputs "$1")" ]]
}
