using Moru.Protocol;

namespace Moru.Bench;

/// <summary>From a key on the way in to its echo on the way out.</summary>
internal static class Keys
{
    public static async Task MeasureAsync(Setup bench, int samples, CancellationToken cancellationToken)
    {
        await using var container = await AgentContainer.StartAsync(bench.Envd, cancellationToken);
        var shell = new ProcessSelector { Tag = "keys" };
        var start = new StartRequest { Process = new ProcessConfig { Cmd = "cat" }, Pty = new Pty(new PtySize(80, 24)), Tag = shell.Tag };
        await using var events = container.Client.StartAsync(start, null, null, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await events.MoveNextAsync();

        var echoes = new Samples("process.Process/SendInput to its echo");
        await Comparisons.RepeatAsync(echoes, samples * 10, async () =>
        {
            await container.Client.SendInputAsync(shell, new ProcessInput { Pty = "x"u8.ToArray() }, cancellationToken);
            do await events.MoveNextAsync();
            while (events.Current.Data is null);
        });
        echoes.Print("echo of a key in a terminal", "p50 less than 5 ms");
        await container.Client.SendSignalAsync(shell, Signal.Kill, cancellationToken);
    }
}
