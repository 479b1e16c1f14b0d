namespace Moru.Samples;

/// <summary>What can go wrong, and how it is told apart.</summary>
internal static class Errors
{
    public static async Task RunAsync()
    {
        await using var sandbox = await Sandbox.CreateAsync();
        await TryAsync(() => sandbox.Commands.RunAsync("echo oops >&2; exit 3"));
        await TryAsync(() => sandbox.Commands.RunAsync("sleep 10", new() { Timeout = TimeSpan.FromSeconds(0.5) }));
        await TryAsync(() => sandbox.Files.ReadTextAsync("/no/such/file"));
        await TryAsync(() => Sandbox.CreateAsync("no-such-template"));
        await TryAsync(() => Sandbox.CreateAsync(options: new() { ApiKey = "moru_0000000000000000000000000000000000000000" }));
    }

    private static async Task TryAsync(Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (AuthenticationException)
        {
            Console.WriteLine("Invalid API key");
        }
        catch (NotFoundException error)
        {
            Console.WriteLine($"Not found: {error.Message}");
        }
        catch (SandboxTimeoutException)
        {
            Console.WriteLine("Operation timed out");
        }
        catch (CommandExitException error)
        {
            Console.WriteLine($"Command failed with exit code {error.ExitCode}: {error.Stderr.Trim()}");
        }
        catch (SandboxException error)
        {
            Console.WriteLine($"Sandbox error: {error.Message}");
        }
    }
}
