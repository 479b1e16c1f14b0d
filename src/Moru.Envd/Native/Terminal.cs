using System.Runtime.InteropServices;

namespace Moru.Envd;

/// <summary>Size of a terminal in characters.</summary>
internal readonly record struct TerminalSize(ushort Columns, ushort Rows);

/// <summary>Pseudo-terminals: the master end is ours, the slave end is the process's.</summary>
internal static unsafe partial class Terminal
{
    // As login(1) leaves it: the owner reads and writes, and members of group tty may write(1) to him.
    private const uint SlaveMode = 0b110_010_000;
    private const uint SameGroup = uint.MaxValue;

    private const nuint Unlock = 0x4004_5431, GetNumber = 0x8004_5430, SetWindowSize = 0x5414;

    /// <summary>Opens a terminal for a user.</summary>
    /// <param name="user">Owner of the slave.</param>
    /// <param name="size">Its size.</param>
    /// <param name="open">Takes every descriptor that is opened.</param>
    /// <returns>The master, and the path of the slave.</returns>
    /// <exception cref="LaunchException">There is none to be had.</exception>
    public static (int Master, string Slave) Open(User user, TerminalSize size, List<int> open)
    {
        var master = Must(Posix.Open("/dev/ptmx", Posix.ReadWrite | Posix.NoControllingTerminal | Posix.CloseOnExec, 0));
        open.Add(master);
        int locked = 0, number;
        Must(Control(master, Unlock, &locked));
        Must(Control(master, GetNumber, &number));
        var path = $"/dev/pts/{number}";
        // Kept open until the process runs: a terminal without an open slave reads as hung up.
        var slave = Must(Posix.Open(path, Posix.ReadWrite | Posix.NoControllingTerminal | Posix.CloseOnExec, 0));
        open.Add(slave);
        Must(SetSize(master, size));
        // What a sandbox without these rights is left with is its own business: the process may then not reopen its terminal.
        _ = Posix.ChangeOwner(slave, user.Uid, GroupOfTerminals());
        _ = Posix.ChangeMode(slave, SlaveMode);
        return (master, path);
    }

    /// <returns>Negative when the terminal is gone.</returns>
    public static int SetSize(int master, TerminalSize size)
    {
        var window = stackalloc ushort[] { size.Rows, size.Columns, 0, 0 };
        return Control(master, SetWindowSize, window);
    }

    private static uint GroupOfTerminals() =>
        Users.GroupNames().Where(group => group.Value == "tty").Select(group => group.Key).FirstOrDefault(SameGroup);

    private static int Must(int result) => result >= 0 ? result : throw new LaunchException(Posix.LastError) { NeedsTerminal = true };

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(int fd, nuint request, void* argument);
}
