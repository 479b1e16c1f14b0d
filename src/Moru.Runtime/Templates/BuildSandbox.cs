using System.Net.Http;
using Moru.Protocol;

namespace Moru.Runtime;

/// <summary>One container of a build, and commands in it.</summary>
internal sealed class BuildSandbox(string id, EnvdClient agent, Func<Task> remove) : IAsyncDisposable
{
    public string Id => id;

    public EnvdClient Agent => agent;

    /// <summary>Runs a line of the template's author under the context.</summary>
    public Task RunAsync(string command, BuildContext context, string user, Action<bool, string> onLine, CancellationToken cancellationToken) => RunAsync(
        command,
        new ProcessConfig { Cmd = "/bin/bash", Args = ["-l", "-c", command], Cwd = context.Workdir, Envs = context.Everything() },
        user, onLine, cancellationToken);

    /// <summary>Runs a script of ours as root; what it works on comes in variables and is never pasted into it.</summary>
    /// <param name="what">Names it in the failure.</param>
    /// <param name="script">For any POSIX shell.</param>
    /// <param name="variables">Its input.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What it wrote.</returns>
    public async Task<string> ScriptAsync(string what, string script, IReadOnlyDictionary<string, string> variables, CancellationToken cancellationToken)
    {
        var (output, errors) = (new List<string>(), new List<string>());
        try
        {
            await RunAsync(
                what, new ProcessConfig { Cmd = "/bin/sh", Args = ["-c", script], Cwd = "/", Envs = variables }, "root",
                (isError, line) => (isError ? errors : output).Add(line), cancellationToken);
        }
        catch (BuildException failure) when (errors.Count > 0)
        {
            throw new BuildException($"failed to run command '{what}': {string.Join("; ", errors.TakeLast(3))}", failure);
        }

        return string.Join('\n', output);
    }

    public async Task UploadAsync(string path, Stream content, CancellationToken cancellationToken)
    {
        using var body = new StreamContent(content);
        await TranslateAsync("upload", () => agent.WriteFileAsync(path, body, "root", cancellationToken));
    }

    public ValueTask DisposeAsync() => new(remove());

    private async Task RunAsync(string what, ProcessConfig process, string user, Action<bool, string> onLine, CancellationToken cancellationToken)
    {
        var lines = new OutputLines(onLine);
        var end = await TranslateAsync(what, async () =>
        {
            ProcessEnded? ended = null;
            await foreach (var happened in agent.StartAsync(new StartRequest { Process = process, Stdin = false }, user, timeout: null, cancellationToken))
            {
                lines.Take(happened);
                ended = happened.End ?? ended;
            }

            return ended;
        });
        if (end is not { Exited: true, ExitCode: 0 }) throw new BuildException($"failed to run command '{what}': {end?.Status ?? "it did not end"}");
    }

    private static async Task<T> TranslateAsync<T>(string what, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (ConnectException refused)
        {
            throw new BuildException($"failed to run command '{what}': command failed: {refused.Code.Name()}: {refused.Message}", refused);
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException)
        {
            throw new BuildException($"failed to run command '{what}': the build sandbox ended; it may have run out of memory", broken);
        }
    }
}

/// <summary>A build cannot go on. The message is what its author reads.</summary>
internal sealed class BuildException(string message, Exception? inner = null) : Exception(message, inner);
