using System.Runtime.InteropServices;

namespace Moru.Envd;

/// <summary>
/// Lends the calling thread, and nothing else of the process, another user's ids. Between <see cref="Assume"/> and the end of
/// its scope there must be no await: another thread has other ids.
/// </summary>
internal static unsafe class Identity
{
    private static readonly (nint SetGroups, nint SetGid, nint SetUid) Calls =
        RuntimeInformation.ProcessArchitecture == Architecture.X64 ? (116, 119, 117) : (159, 149, 147);

    public static Scope Assume(User user)
    {
        if (Posix.EffectiveUser() != 0)
        {
            if (user.Uid != Posix.EffectiveUser()) throw new LaunchException(Posix.NotPermitted);
            return new Scope(Switched: false);
        }

        fixed (uint* groups = user.Groups)
        {
            // The saved user id stays root's, which is the way back; exec drops it in the child.
            if (Posix.SystemCall(Calls.SetGroups, user.Groups.Length, (nint)groups, 0) < 0
                || Posix.SystemCall(Calls.SetGid, (nint)user.Gid, (nint)user.Gid, (nint)user.Gid) < 0
                || Posix.SystemCall(Calls.SetUid, (nint)user.Uid, (nint)user.Uid, 0) < 0)
            {
                var error = Posix.LastError;
                Restore();
                throw new LaunchException(error);
            }
        }

        return new Scope(Switched: true);
    }

    private static void Restore()
    {
        if (Posix.SystemCall(Calls.SetUid, 0, 0, 0) < 0
            || Posix.SystemCall(Calls.SetGid, 0, 0, 0) < 0
            || Posix.SystemCall(Calls.SetGroups, 0, 0, 0) < 0)
            Environment.FailFast("envd cannot take its own identity back");
    }

    public readonly record struct Scope(bool Switched) : IDisposable
    {
        public void Dispose()
        {
            if (Switched) Restore();
        }
    }
}
