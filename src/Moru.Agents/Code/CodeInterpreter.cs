using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Moru.Agents;

/// <summary>
/// Python in the sandbox of a conversation. Variables stay from one run to the next, until the sandbox ends or a run has to be killed. One run at a
/// time; others wait. Get it from <see cref="AgentSandbox.Python"/>, with which it ends.
/// </summary>
public sealed class CodeInterpreter : IAsyncDisposable
{
    /// <summary>How long a run may take unless told otherwise: 100 s.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(100);

    private const string StateLost = "Variables and imports of earlier runs are lost; files are kept.";

    private static readonly TimeSpan InterruptPatience = TimeSpan.FromSeconds(3);

    private readonly AgentSandbox sandbox;
    private readonly SemaphoreSlim gate = new(1, 1);
    private PythonProcess? process;

    internal CodeInterpreter(AgentSandbox sandbox) => this.sandbox = sandbox;

    /// <summary>Runs Python code.</summary>
    /// <param name="code">Any number of lines. The value of the last one is in the result.</param>
    /// <param name="timeout">After this it is interrupted, and killed when that does not help; null: <see cref="DefaultTimeout"/>.</param>
    /// <param name="tools">What the code may call with <c>call_tool(name, argument=value, …)</c>; null: nothing.</param>
    /// <param name="cancellationToken">Interrupts the run as its timeout would, then throws.</param>
    /// <returns>What it did. An exception in the code is a result.</returns>
    /// <exception cref="SandboxException">There is no sandbox, or it has no Python.</exception>
    public async Task<CodeResult> RunAsync(
        string code, TimeSpan? timeout = null, IReadOnlyCollection<AIFunction>? tools = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(code);
        var limit = timeout ?? DefaultTimeout;
        await gate.WaitAsync(cancellationToken);
        try
        {
            var running = await StartedAsync(limit, cancellationToken);
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            deadline.CancelAfter(limit);
            try
            {
                await running.SendAsync(new CodeRequest(code), deadline.Token);
                return await ToEndAsync(running, tools ?? [], deadline.Token) is { } done
                    ? Describe(done)
                    : await EndAsync($"Python has ended: the code exited, crashed or used too much memory. {StateLost}");
            }
            catch (OperationCanceledException)
            {
                var stopped = await StopAsync(running);
                cancellationToken.ThrowIfCancellationRequested();
                return stopped with { Error = $"Interrupted after {limit.TotalSeconds:0.#} s, its time limit. {stopped.Error}".TrimEnd() };
            }
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Ends Python, after the run that is under way. Its <see cref="AgentSandbox"/> does this.</summary>
    public async ValueTask DisposeAsync()
    {
        await gate.WaitAsync();
        try
        {
            await EndAsync("");
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<PythonProcess> StartedAsync(TimeSpan busyFor, CancellationToken cancellationToken)
    {
        var current = await sandbox.GetAsync(busyFor, cancellationToken);
        if (process is { } running && running.SandboxId == current.SandboxId) return running;
        await EndAsync("");
        return process = await PythonProcess.StartAsync(current, cancellationToken);
    }

    private static async Task<CodeDone?> ToEndAsync(PythonProcess running, IReadOnlyCollection<AIFunction> tools, CancellationToken cancellationToken)
    {
        while (await running.ReceiveAsync(cancellationToken) is { } message)
        {
            if (message.Done is { } done) return done;
            if (message.Call is { } call) await running.SendAsync(await AnswerAsync(call, tools, cancellationToken), cancellationToken);
        }

        return null;
    }

    private static async Task<ToolAnswer> AnswerAsync(ToolCallFromCode call, IReadOnlyCollection<AIFunction> tools, CancellationToken cancellationToken)
    {
        if (tools.FirstOrDefault(tool => tool.Name == call.Tool) is not { } wanted)
            return new ToolAnswer(null, $"There is no tool '{call.Tool}'. {(tools.Count == 0 ? "Code can call none here." : $"There are: {string.Join(", ", tools.Select(tool => tool.Name))}.")}");
        try
        {
            var arguments = new AIFunctionArguments(call.Arguments?.ToDictionary(pair => pair.Key, pair => (object?)pair.Value));
            var result = await wanted.InvokeAsync(arguments, cancellationToken);
            if (result is IEnumerable<AIContent> contents) result = string.Concat(contents.OfType<TextContent>()); // code cannot look at pictures
            return new ToolAnswer(JsonSerializer.SerializeToElement(result, AIJsonUtilities.DefaultOptions), null);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return new ToolAnswer(null, $"{call.Tool} failed: {error.Message}");
        }
    }

    private async Task<CodeResult> StopAsync(PythonProcess running)
    {
        using var patience = new CancellationTokenSource(InterruptPatience);
        try
        {
            await running.InterruptAsync(patience.Token);
            if (await ToEndAsync(running, [], patience.Token) is { } done) return Describe(done) with { Error = null };
        }
        catch (Exception error) when (error is OperationCanceledException or SandboxException)
        {
            // It does not listen, or its sandbox is gone.
        }

        return await EndAsync(StateLost);
    }

    private async Task<CodeResult> EndAsync(string error)
    {
        if (process is { } ending) await ending.DisposeAsync();
        process = null;
        return new CodeResult { Stdout = "", Stderr = "", Error = error };
    }

    private static CodeResult Describe(CodeDone done) => new()
    {
        Stdout = done.Stdout ?? "",
        Stderr = done.Stderr ?? "",
        Value = done.Value,
        Error = done.Error,
        Images = [.. (done.Images ?? []).Select(image => (ReadOnlyMemory<byte>)image)],
        Files = [.. (done.Files ?? []).Select(file => new CodeFile(file.Path, file.Size))],
    };
}
