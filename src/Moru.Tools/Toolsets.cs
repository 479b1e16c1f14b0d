namespace Moru.Tools;

/// <summary>Groups of tools. A tool may be in several; a list of groups offers each of its tools once.</summary>
[Flags]
public enum Toolsets
{
    /// <summary>No tools.</summary>
    None = 0,

    /// <summary>What most work needs: sandboxes, commands, files, code and ports. The default.</summary>
    Core = 1,

    /// <summary>Everything about files: also search, move, remove and watch.</summary>
    Files = 2,

    /// <summary>Everything about commands: also input, and the list of what runs.</summary>
    Commands = 4,

    /// <summary>Terminals, for programs that draw on a screen or ask at a prompt.</summary>
    Pty = 8,

    /// <summary>Building templates, from which sandboxes are made.</summary>
    Templates = 16,

    /// <summary>Directories that outlive sandboxes.</summary>
    Volumes = 32,

    /// <summary>Life, usage and logs of sandboxes.</summary>
    Admin = 64,

    /// <summary>Code whose variables stay from call to call.</summary>
    Code = 128,

    /// <summary>Every tool there is.</summary>
    All = Core | Files | Commands | Pty | Templates | Volumes | Admin | Code,
}
