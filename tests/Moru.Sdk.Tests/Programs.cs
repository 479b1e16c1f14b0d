using System.Diagnostics;

namespace Moru.Sdk.Tests;

/// <summary>Runs programs that use the SDK in a process of their own.</summary>
internal static class Programs
{
    /// <summary>The configuration that the tests are built in, which other projects are built in too.</summary>
    public static string Configuration { get; } = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    /// <summary>Runs a program to its end, and kills it when the test is over before.</summary>
    /// <returns>What it printed, errors last.</returns>
    public static async Task<(int Code, string Output)> RunAsync(ProcessStartInfo start, ServerFixture? server = null)
    {
        var cancelled = TestContext.Current.CancellationToken;
        if (server is not null)
        {
            start.Environment["MORU_API_URL"] = "unix:" + server.Server.SocketPath;
            start.Environment["MORU_API_KEY"] = server.Server.ApiKey;
        }

        // Neither asks what is new, nor stays for a next build.
        (start.Environment["DOTNET_NOLOGO"], start.Environment["MSBUILDDISABLENODEREUSE"]) = ("1", "1");
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        using var process = Process.Start(start)!;
        try
        {
            var errors = process.StandardError.ReadToEndAsync(cancelled);
            var output = await process.StandardOutput.ReadToEndAsync(cancelled);
            await process.WaitForExitAsync(cancelled);
            return (process.ExitCode, output + await errors);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}
