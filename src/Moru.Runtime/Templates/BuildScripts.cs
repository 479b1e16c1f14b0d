namespace Moru.Runtime;

/// <summary>What the builder itself does in a build sandbox, as root, for any POSIX shell. Input comes in variables.</summary>
internal static class BuildScripts
{
    /// <summary>Before the first step: bash, and the user that steps run as.</summary>
    public const string Base =
        """
        set -e
        if [ ! -x /bin/bash ] && command -v apk >/dev/null; then apk add --no-cache bash sudo >/dev/null 2>&1 || true; fi
        if [ ! -x /bin/bash ]; then echo "the image has no /bin/bash, which commands in a sandbox need; start from an image that has it" >&2; exit 1; fi
        """ + "\n" + AddUser;

    /// <summary>MORU_USER, and MORU_SUDO=true for the right to everything.</summary>
    public const string AddUser =
        """
        if ! id "$MORU_USER" >/dev/null 2>&1; then
            if command -v useradd >/dev/null; then useradd --create-home --shell /bin/bash "$MORU_USER"; else adduser -D -s /bin/bash "$MORU_USER"; fi
        fi
        if [ "$MORU_SUDO" = true ]; then
            grep -q '^sudo:' /etc/group || { command -v groupadd >/dev/null && groupadd sudo; } || addgroup sudo
            if command -v usermod >/dev/null; then usermod -aG sudo "$MORU_USER"; else addgroup "$MORU_USER" sudo; fi
            passwd -d "$MORU_USER" >/dev/null 2>&1 || true
            mkdir -p /etc/sudoers.d
            echo "$MORU_USER ALL=(ALL:ALL) NOPASSWD: ALL" >"/etc/sudoers.d/$MORU_USER"
            chmod 0440 "/etc/sudoers.d/$MORU_USER"
        fi
        """;

    /// <summary>MORU_PATH; what is made of it belongs to MORU_USER.</summary>
    public const string MakeDirectory =
        """
        set -e
        dir=$MORU_PATH; made=
        while [ ! -e "$dir" ] && [ ! -L "$dir" ]; do made=$dir; dir=$(dirname "$dir"); done
        mkdir -p "$MORU_PATH"
        if [ -n "$made" ]; then chown -R "$MORU_USER:" "$made"; fi
        """;

    /// <summary>Unpacks MORU_ARCHIVE and puts MORU_SOURCE of it to MORU_DEST, of MORU_OWNER, with MORU_MODE when that is set.</summary>
    public const string Copy =
        """
        set -e
        work=$(mktemp -d /tmp/.moru-copy.XXXXXX)
        trap 'rm -rf "$work" "$MORU_ARCHIVE"' EXIT
        tar -x -f "$MORU_ARCHIVE" -C "$work"
        source=$work/$MORU_SOURCE
        if [ ! -e "$source" ] && [ ! -L "$source" ]; then echo "nothing was uploaded for '$MORU_SOURCE'" >&2; exit 1; fi
        case $MORU_OWNER in *:*) owner=$MORU_OWNER ;; *) owner=$MORU_OWNER:$MORU_OWNER ;; esac
        chown -hR "$owner" "$source"
        if [ -n "$MORU_MODE" ]; then find "$source" ! -type l -exec chmod "$MORU_MODE" {} +; fi
        if [ -d "$source" ] && [ ! -L "$source" ]; then
            if [ ! -d "$MORU_DEST" ]; then mkdir -p "$MORU_DEST"; chown "$owner" "$MORU_DEST"; fi
            find "$source" -mindepth 1 -maxdepth 1 -exec cp -a {} "$MORU_DEST/" \;
        else
            case $MORU_DEST in */) mkdir -p "$MORU_DEST" ;; *) mkdir -p "$(dirname "$MORU_DEST")" ;; esac
            cp -a "$source" "$MORU_DEST"
        fi
        """;

    /// <summary>After the last step: what sandboxes expect of every template.</summary>
    public const string Finish =
        """
        set -e
        home=$(eval echo "~user")
        mkdir -p "$home" /usr/local /code
        chown user: "$home"
        for file in .bashrc .profile; do
            if [ ! -e "$home/$file" ] && [ -e "/etc/skel/$file" ]; then cp "/etc/skel/$file" "$home/$file"; chown user: "$home/$file"; fi
        done
        chmod 777 /usr/local /code
        # It may not write to the host's audit log, and would complain of that each time; older ones do not know the words.
        if [ -d /etc/sudoers.d ] && [ ! -e /etc/sudoers.d/moru ]; then
            case $(sudo -V 2>/dev/null) in 'Sudo version 1.9.'* | 'Sudo version 1.8.3'[01]* | 'Sudo version 1.8.29'*)
                echo 'Defaults !log_allowed, !log_denied' >/etc/sudoers.d/moru
                chmod 0440 /etc/sudoers.d/moru
            esac
        fi
        printf 'ENV_ID=%s\nTEMPLATE_ID=%s\nBUILD_ID=%s\n' "$MORU_TEMPLATE" "$MORU_TEMPLATE" "$MORU_BUILD" >/.moru
        """;
}
