using System.Diagnostics;
using System.Text;

namespace Moru.Runtime;

/// <summary>The program <c>nft</c>, which hands the kernel a change of its packet filter as one transaction.</summary>
internal static class Nft
{
    private const int NetAdmin = 12;

    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);
    private static readonly string[] Places = ["/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft", "/bin/nft"];

    /// <returns>Why this process cannot filter packets; null: it can, as far as can be told without trying.</returns>
    public static string? Obstacle()
    {
        if (!OperatingSystem.IsLinux()) return "only Linux can filter the packets of sandboxes";
        if (Path() is null) return "nft is not installed (on Debian and Ubuntu: apt-get install nftables)";
        return MayAdministerNetworks() ? null : "the server may not administer the network; run it as root";
    }

    /// <summary>All of it or nothing.</summary>
    /// <exception cref="RuntimeException"><see cref="RuntimeError.StartFailed"/>: the kernel or nft refused.</exception>
    public static Task ApplyAsync(string change) => RunAsync(["--file", "-"], change);

    public static Task<string> AskAsync(params string[] arguments) => RunAsync(arguments, "");

    // Nobody's cancellation reaches it: a change that was begun is made, and takes milliseconds.
    private static async Task<string> RunAsync(string[] arguments, string input)
    {
        var start = new ProcessStartInfo(Path() ?? throw Failed("nft is not installed"), arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, StandardInputEncoding = Encoding.ASCII,
        };
        using var bound = new CancellationTokenSource(Bound);
        using var nft = Process.Start(start)!;
        try
        {
            var output = nft.StandardOutput.ReadToEndAsync(bound.Token);
            var problem = nft.StandardError.ReadToEndAsync(bound.Token);
            await nft.StandardInput.WriteAsync(input.AsMemory(), bound.Token);
            nft.StandardInput.Close();
            await nft.WaitForExitAsync(bound.Token);
            return nft.ExitCode == 0 ? await output : throw Failed((await problem).Split('\n')[0]);
        }
        catch (OperationCanceledException)
        {
            nft.Kill();
            throw Failed($"nft took longer than {Bound.TotalSeconds:0} s");
        }
        catch (IOException broken)
        {
            throw Failed(broken.Message);
        }
    }

    private static RuntimeException Failed(string problem) => new(RuntimeError.StartFailed, $"The packet filter of this machine could not be changed: {problem}.");

    private static string? Path() => Array.Find(Places, File.Exists);

    private static bool MayAdministerNetworks()
    {
        const string Line = "CapEff:";
        var effective = File.ReadLines("/proc/self/status").First(line => line.StartsWith(Line, StringComparison.Ordinal));
        return (Convert.ToUInt64(effective[Line.Length..].Trim(), 16) >> NetAdmin & 1) == 1;
    }
}
