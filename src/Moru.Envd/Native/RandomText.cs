using System.Runtime.InteropServices;

namespace Moru.Envd;

/// <summary>Text that nobody guesses, from the kernel: .NET's own generator loads OpenSSL, which an image may lack.</summary>
internal static unsafe partial class RandomText
{
    private const int Length = 16;

    /// <summary>128 random bits as 32 hexadecimal digits.</summary>
    public static string Next()
    {
        var bytes = stackalloc byte[Length];
        // Never interrupted and never short at this length.
        if (GetRandom(bytes, Length, 0) != Length) throw new IOException($"getrandom: {Posix.Describe(Posix.LastError)}");
        return Convert.ToHexStringLower(new ReadOnlySpan<byte>(bytes, Length));
    }

    [LibraryImport("libc", EntryPoint = "getrandom", SetLastError = true)]
    private static partial nint GetRandom(byte* buffer, nuint length, uint flags);
}
