using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using Moru.Protocol;

namespace Moru.Tools;

/// <content>How code is handed over and answered.</content>
internal sealed partial class Kernel
{
    private static readonly TimeSpan EarlierPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan IdlePatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FollowAfter = TimeSpan.FromSeconds(0.5);
    private static readonly string Interrupt = KernelSource.Read("interrupt.sh");

    private int runs;
    private int answered;
    private int repeats;

    /// <summary>Runs code, one call after another.</summary>
    /// <returns>The answer, with an <see cref="KernelAnswer.Ending"/> when the interpreter is gone.</returns>
    /// <exception cref="ToolException">The sandbox stopped when the code had been handed over, so that it must not be run once more.</exception>
    public async Task<KernelAnswer> RunAsync(KernelRequest request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            await AttachAsync(sandbox, cancellationToken);
            var keep = answered < runs;
            if (keep) await WaitForEarlierAsync(cancellationToken);
            var run = new KernelRun(++runs, request.Code, request.Files, request.OnCall is not null, keep);
            return await RunInTurnAsync(run, request, timeout, cancellationToken);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Waits for code whose answer nobody has heard, because its sandbox was paused.</summary>
    private async Task WaitForEarlierAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await RepeatedAsync(EarlierPatience, cancellationToken) is not null) return;
        }
        catch (ChannelClosedException)
        {
            // Paused once more.
        }

        throw new ToolException($"The code of an earlier call, whose connection was lost, still runs in the interpreter, so this code was not run. Call again later, or end the interpreter, which loses the variables: {ToolCall.Write("kill_command", ("pid", Pid), ("sandbox_id", sandbox.SandboxId))}");
    }

    private async Task<KernelAnswer> RunInTurnAsync(KernelRun run, KernelRequest request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            repeats++; // what was asked for before is of no interest now
            if (!await SendAsync(run, KernelJson.Default.KernelRun, cancellationToken)) return Gone();
        }
        catch (SandboxException error) when (ToolErrors.IsGone(error))
        {
            (cut, runs) = (true, runs - 1); // or the old connection would come back by itself when the answer has gone by
            throw;
        }

        try
        {
            var answering = AnswerAfterAllAsync(timeout, request.OnCall, cancellationToken);
            if (request.Progress is { } progress) await FollowAsync(answering, progress);
            var answer = await answering ?? await InterruptAsync();
            return answer.Id == runs ? answer : throw new ToolException($"The connection to sandbox {sandbox.SandboxId} was lost before the code arrived there, so it was not run. Call again.");
        }
        catch (Exception error) when (error is ChannelClosedException or SandboxTimeoutException)
        {
            throw await CutOffAsync(error, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await ((Task)InterruptAsync()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    /// <returns>False when it has ended.</returns>
    private async Task<bool> SendAsync<T>(T message, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        if (Ending is not null) return false;
        try
        {
            await handle!.SendStdinAsync(JsonSerializer.Serialize(message, type) + "\n", cancellationToken);
            return true;
        }
        catch (SandboxException error) when (error is NotFoundException || error.GetType() == typeof(SandboxException))
        {
            // It has ended, or has closed its input, as all do just before they end.
            await watching.WaitAsync(InterruptPatience, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Ending ??= "it had closed its input";
            return false;
        }
    }

    /// <summary>Waits for an answer over a new connection when one is lost while the sandbox runs on.</summary>
    /// <returns>Null when the time is over.</returns>
    /// <exception cref="ChannelClosedException">The sandbox does not run.</exception>
    private async Task<KernelAnswer?> AnswerAfterAllAsync(TimeSpan timeout, Func<KernelCall, CancellationToken, Task<KernelReply>>? onCall, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        for (var again = false; ; again = true)
        {
            try
            {
                if (again) await AttachAsync(sandbox, cancellationToken);
                var left = timeout - Stopwatch.GetElapsedTime(started);
                if (left <= TimeSpan.Zero) return null;
                return again ? await RepeatedAsync(left, cancellationToken, onCall) : await AnswerAsync(left, onCall, cancellationToken);
            }
            catch (Exception error) when (error is ChannelClosedException or SandboxTimeoutException)
            {
                cut = true;
                if (await SessionSandbox.StateOrDefaultAsync(sandbox, cancellationToken) != SandboxState.Running) throw;
            }
        }
    }

    private async Task<KernelAnswer?> RepeatedAsync(
        TimeSpan timeout, CancellationToken cancellationToken, Func<KernelCall, CancellationToken, Task<KernelReply>>? onCall = null) =>
        await SendAsync(new KernelRepeat(++repeats), KernelJson.Default.KernelRepeat, cancellationToken) ? await AnswerAsync(timeout, onCall, cancellationToken) : Gone();

    /// <returns>Null when the time is over.</returns>
    /// <exception cref="ChannelClosedException">The connection was lost.</exception>
    private async Task<KernelAnswer?> AnswerAsync(TimeSpan timeout, Func<KernelCall, CancellationToken, Task<KernelReply>>? onCall, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            while (true)
            {
                var read = KernelAnswer.Read(await lines.ReadAsync(limit.Token));
                if (read.Repeat == 0 ? read.Id != runs : read.Repeat != repeats) continue;
                if (read.Call is { } call)
                {
                    if (onCall is not null) await SendAsync(await onCall(call, limit.Token).WaitAsync(limit.Token), KernelJson.Default.KernelReply, limit.Token);
                    continue;
                }

                answered = runs;
                return read;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception error) when (error is JsonException or ChannelClosedException { InnerException: JsonException })
        {
            Ending ??= Unreadable;
            return Gone();
        }
        catch (ChannelClosedException) when (Ending is not null)
        {
            return Gone();
        }
    }

    private async Task FollowAsync(Task answering, IProgress<string> progress)
    {
        await answering.WaitAsync(FollowAfter).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (answering.IsCompleted) return;
        await using var follower = await CommandRun.FollowAsync(sandbox, Pid, progress);
        await answering.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Stops the code that runs, and what it waits for, but keeps the state; what does not stop is killed.</summary>
    private async Task<KernelAnswer> InterruptAsync()
    {
        using var patience = new CancellationTokenSource(InterruptPatience);
        try
        {
            var script = string.Create(CultureInfo.InvariantCulture, $"kernel={Pid}\n{Interrupt}");
            var stopping = AnswerAsync(InterruptPatience, null, CancellationToken.None);
            await Task.WhenAll(sandbox.Commands.RunAsync(script, CommandRun.AsRoot, patience.Token), stopping);
            if ((await stopping ?? await RepeatedAsync(IdlePatience, CancellationToken.None)) is { } stopped)
                return stopped with { Interrupted = stopped.Error is not null || stopped.Ending is not null };
        }
        catch (Exception error) when (error is (SandboxException and not SandboxTimeoutException) or OperationCanceledException)
        {
            // It is killed instead.
        }

        Ending ??= "it did not stop when it was interrupted, so it was killed";
        await DisposeAsync();
        return Gone() with { Interrupted = true };
    }

    /// <summary>What to say of code of which nothing more is heard. It is never run again: it may have done half of its work.</summary>
    private async Task<ToolException> CutOffAsync(Exception error, CancellationToken cancellationToken)
    {
        cut = true;
        var id = sandbox.SandboxId;
        var state = await SessionSandbox.StateOrDefaultAsync(sandbox, cancellationToken);
        if (state is null) return new ToolException($"Sandbox {id} ended while the code ran, and with it the interpreter, its variables and all files. The code was not run again: repeat the call if it may run twice.", error);
        var what = state == SandboxState.Paused
            ? $"Sandbox {id} was paused while the code ran. The code stands still with it and goes on at the next call, which resumes the sandbox"
            : $"The connection to sandbox {id} was lost while the code ran. The code goes on";
        return new ToolException($"{what}; it was not run again, and variables are kept. See what it prints with {ToolCall.Write("read_output", ("pid", Pid), ("sandbox_id", id))}. The next run_code waits for its end.", error);
    }

    private KernelAnswer Gone() => new() { Id = runs, Ending = Ending };
}
