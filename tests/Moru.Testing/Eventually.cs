using System.Runtime.CompilerServices;

namespace Moru.Testing;

/// <summary>Waits for conditions, with the one time limit that all tests share.</summary>
public static class Eventually
{
    /// <summary>How long anything that should happen may take before a test fails.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    /// <inheritdoc cref="TrueAsync(Func{Task{bool}}, string)"/>
    public static Task TrueAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        TrueAsync(() => Task.FromResult(condition()), what);

    /// <summary>Returns once the condition holds.</summary>
    /// <exception cref="TimeoutException">It did not within <see cref="Limit"/>.</exception>
    public static async Task TrueAsync(Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        using var limit = new CancellationTokenSource(Limit);
        using var tick = new PeriodicTimer(Tick);
        try
        {
            while (!await condition())
                await tick.WaitForNextTickAsync(limit.Token);
        }
        catch (OperationCanceledException error) when (limit.IsCancellationRequested)
        {
            throw new TimeoutException($"Not within {Limit.TotalSeconds:0} s: {what}", error);
        }
    }
}
