using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Envd;

internal sealed partial class ProcessRpc
{
    /// <summary>Returns once the process's pipe or terminal has taken the whole input.</summary>
    public async Task<Empty> SendInputAsync(HttpContext context, SendInputRequest request)
    {
        await processes.Find(request.Process).Input.WriteAsync(request.Input, context.RequestAborted);
        return new Empty();
    }

    /// <summary>Writes a stream of inputs in order; the next one is not read before the last one is written.</summary>
    public async Task<Empty> StreamInputAsync(HttpContext context, IAsyncEnumerable<StreamInputRequest> messages)
    {
        RunningProcess? process = null;
        await foreach (var message in messages)
        {
            if (process is null) process = processes.Find((message.Start ?? throw NotStarted()).Process);
            else if (message.Start is not null) throw new ConnectException(ConnectCode.InvalidArgument, "start may be the first message only");
            else if (message.Data is { } data) await process.Input.WriteAsync(data.Input, context.RequestAborted);
        }

        return process is null ? throw NotStarted() : new Empty();
    }

    /// <summary>Changes the size of a process's terminal.</summary>
    public Empty Update(UpdateRequest request)
    {
        var process = processes.Find(request.Process);
        if (request.Pty is { } terminal) process.Input.Resize(TerminalSizes.AtResize(terminal.Size));
        return new Empty();
    }

    private static ConnectException NotStarted() => new(ConnectCode.InvalidArgument, "the first message must be start, with the process that gets the input");
}
