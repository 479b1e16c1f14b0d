using Microsoft.Extensions.Logging;

namespace Moru.Runtime;

/// <summary>Runs loops until it is disposed of, which waits for their end. One that fails is started again, after a pause so that it cannot spin.</summary>
internal sealed partial class RuntimeLoops(ILogger log) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource stopping = new();
    private readonly List<Task> running = [];

    public void Begin(string name, Func<CancellationToken, Task> loop) => running.Add(RunAsync(name, loop));

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await Task.WhenAll(running);
        stopping.Dispose();
    }

    private async Task RunAsync(string name, Func<CancellationToken, Task> loop)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await loop(stopping.Token);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                Log.Failed(log, name, failure);
                await Task.Delay(Pause, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The loop '{Name}' failed and starts again")]
        public static partial void Failed(ILogger log, string name, Exception failure);
    }
}
