# Whether something made earlier is still fresh: a stamp holds the content hash of what it was made from.

# Hash of the files under the given paths, without what builds leave there.
hash_of() {
    (cd "$root" && find "$@" \( -name bin -o -name obj -o -name TestResults -o -name __pycache__ \) -prune -o -type f ! -name '*.received.*' -print0 | sort -z | xargs -0 sha256sum) | sha256sum | cut -c1-32
}

stamped() { [[ -r $artifacts/stamps/$1 && $(<"$artifacts/stamps/$1") == "$2" ]]; }

stamp() {
    mkdir -p "$artifacts/stamps"
    printf '%s\n' "$2" >"$artifacts/stamps/$1"
}

# One ./moru sets up at a time; the lock goes with the descriptor.
lock() {
    mkdir -p "$artifacts"
    exec 9>"$artifacts/lock"
    flock --nonblock 9 && return
    say "another ./moru is setting up here; waiting for it"
    flock --timeout 1800 9 || fail "the other ./moru has not finished in 30 minutes; stop it and try again"
}

unlock() { exec 9>&-; }
